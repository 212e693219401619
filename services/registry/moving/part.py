"""Moving, put together."""

from services.registry.moving.api import router
from services.registry.moving.reactions import REACTIONS
from shared.service.part import Part

PART = Part(routers=[router], reactions=REACTIONS)
