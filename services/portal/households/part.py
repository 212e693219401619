"""Households, put together."""

from services.portal.households.api import router
from shared.service.part import Part

PART = Part(routers=[router])
