"""Readings of minors' data, put together."""

from services.registry.minor_readings.api import router
from shared.service.part import Part

PART = Part(routers=[router])
