"""Volunteers, put together."""

from services.portal.volunteers.api import router
from shared.service.part import Part

PART = Part(routers=[router])
