"""Public figures, put together."""

from services.portal.figures.api import router
from shared.service.part import Part

PART = Part(routers=[router])
