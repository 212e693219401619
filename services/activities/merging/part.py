"""Merging, put together."""

from services.activities.merging.reactions import REACTIONS
from shared.service.part import Part

PART = Part(reactions=REACTIONS)
