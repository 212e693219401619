"""Rosters, put together."""

from services.portal.roster.api import router
from shared.service.part import Part

PART = Part(routers=[router])
