"""Checking in, put together."""

from services.portal.check_in.api import router
from shared.service.part import Part

PART = Part(routers=[router])
