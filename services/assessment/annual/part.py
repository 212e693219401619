"""Annual, put together."""

from services.assessment.annual.api import router
from shared.service.part import Part

PART = Part(routers=[router])
