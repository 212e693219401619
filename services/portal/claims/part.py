"""Claims of volunteers, put together."""

from services.portal.claims.api import router
from shared.service.part import Part

PART = Part(routers=[router])
