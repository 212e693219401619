"""Merging, put together."""

from services.portal.merging.api import router
from shared.service.part import Part

PART = Part(routers=[router])
