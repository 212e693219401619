"""Notices, put together."""

from services.portal.notices.api import router
from shared.service.part import Part

PART = Part(routers=[router])
