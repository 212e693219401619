"""Rules, put together."""

from services.activities.rules.api import router
from shared.service.part import Part

PART = Part(routers=[router])
