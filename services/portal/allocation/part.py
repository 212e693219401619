"""Allocation, put together."""

from services.portal.allocation.api import router
from shared.service.part import Part

PART = Part(routers=[router])
