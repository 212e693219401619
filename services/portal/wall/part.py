"""The wall screen, put together."""

from services.portal.wall.api import router
from shared.service.part import Part

PART = Part(routers=[router])
