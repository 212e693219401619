"""Closing shifts, put together."""

from services.portal.closing.api import router
from shared.service.part import Part

PART = Part(routers=[router])
