"""Needs, put together."""

from services.activities.needs.api import router
from services.activities.needs.reactions import REACTIONS
from shared.service.part import Part

PART = Part(routers=[router], reactions=REACTIONS)
