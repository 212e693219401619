"""Staff of stations, put together."""

from services.registry.station_staff.api import router
from services.registry.station_staff.reactions import REACTIONS
from shared.service.part import Part

PART = Part(routers=[router], reactions=REACTIONS)
