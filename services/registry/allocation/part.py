"""Allocation, put together."""

from services.registry.allocation.api import router
from services.registry.allocation.commands import PLANNING
from services.registry.allocation.planning import planning_ended, planning_work
from services.registry.allocation.telling_all import ending_work, telling_work
from shared.service.part import Part

PART = Part(
    routers=[router],
    work=lambda _: [planning_work(), telling_work(), ending_work()],
    endings={PLANNING: planning_ended},
)
