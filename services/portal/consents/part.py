"""Consents, put together."""

from services.portal.consents.api import router
from shared.service.part import Part

PART = Part(routers=[router])
