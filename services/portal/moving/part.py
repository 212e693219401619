"""Moving, put together."""

from services.portal.moving.api import router
from shared.service.part import Part

PART = Part(routers=[router])
