"""Dead letters, put together."""

from services.portal.dead_letters.api import router
from shared.service.part import Part

PART = Part(routers=[router])
