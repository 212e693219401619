"""Drafts, put together."""

from services.activities.drafts.api import router
from shared.service.part import Part

PART = Part(routers=[router])
