"""Consents to notices, put together."""

from services.notifications.consents.reactions import REACTIONS
from shared.service.part import Part

PART = Part(reactions=REACTIONS)
