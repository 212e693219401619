"""Merging, put together."""

from services.registry.merging.api import router
from shared.service.part import Part

PART = Part(routers=[router])
