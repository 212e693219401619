"""Finding an activity, put together."""

from services.portal.activities.api import router
from shared.service.part import Part

PART = Part(routers=[router])
