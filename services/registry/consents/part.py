"""Consents, put together."""

from services.registry.consents.announcing import announcing_work
from services.registry.consents.api import router
from shared.service.part import Part

PART = Part(routers=[router], work=lambda _: [announcing_work()])
