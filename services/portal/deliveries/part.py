"""Deliveries, put together."""

from services.portal.deliveries.api import router
from shared.service.part import Part

PART = Part(routers=[router])
