"""Statistics, put together."""

from services.portal.statistics.api import router
from shared.service.part import Part

PART = Part(routers=[router])
