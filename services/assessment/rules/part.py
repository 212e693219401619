"""Rules, put together."""

from services.assessment.rules.api import router
from shared.service.part import Part

PART = Part(routers=[router])
