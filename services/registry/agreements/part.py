"""Agreements, put together."""

from services.registry.agreements.api import router
from services.registry.agreements.expiring import expiring_work
from shared.service.part import Part

PART = Part(routers=[router], work=lambda _: [expiring_work()])
