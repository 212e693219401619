"""Claims, put together."""

from services.activities.claims.api import router
from shared.service.part import Part

PART = Part(routers=[router])
