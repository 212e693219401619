"""Stars, put together."""

from services.assessment.stars.api import router
from services.assessment.stars.carrying import CARRY_HOURS
from services.assessment.stars.reactions import REACTIONS
from shared.service.part import Part

PART = Part(routers=[router], reactions=REACTIONS, work=lambda _settings: [CARRY_HOURS])
