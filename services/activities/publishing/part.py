"""Publishing, put together."""

from services.activities.publishing.api import router
from shared.service.part import Part

PART = Part(routers=[router])
