"""Preferences, put together."""

from services.notifications.preferences.api import router
from services.notifications.preferences.reactions import REACTIONS
from shared.service.part import Part

PART = Part(routers=[router], reactions=REACTIONS)
