"""Register, put together."""

from services.assessment.register.reactions import REACTIONS
from shared.service.part import Part

PART = Part(reactions=REACTIONS)
