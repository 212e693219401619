"""What registry has told, put together."""

from services.activities.register.reactions import REACTIONS
from shared.service.part import Part

PART = Part(reactions=REACTIONS)
