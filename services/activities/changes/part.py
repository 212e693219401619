"""Changes, put together."""

from services.activities.changes.api import router
from shared.service.part import Part

PART = Part(routers=[router])
