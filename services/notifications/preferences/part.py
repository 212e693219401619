"""Preferences, put together."""

from services.notifications.preferences.api import router
from shared.service.part import Part

PART = Part(routers=[router])
