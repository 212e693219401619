"""Publishing, put together."""

from services.portal.publishing.api import router
from shared.service.part import Part

PART = Part(routers=[router])
