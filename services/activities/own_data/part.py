"""Own data, put together."""

from services.activities.own_data.api import router
from services.activities.own_data.reactions import REACTIONS
from shared.service.part import Part

PART = Part(routers=[router], reactions=REACTIONS)
