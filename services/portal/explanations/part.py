"""Explanations, put together."""

from services.portal.explanations.api import router
from shared.service.part import Part

PART = Part(routers=[router])
