"""Signing up, put together."""

from services.portal.sign_ups.api import router
from shared.service.part import Part

PART = Part(routers=[router])
