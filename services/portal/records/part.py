"""Records of others, put together."""

from services.portal.records.api import router
from shared.service.part import Part

PART = Part(routers=[router])
