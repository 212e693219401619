"""Contacts, put together."""

from services.notifications.contacts.reactions import REACTIONS
from shared.service.part import Part

PART = Part(reactions=REACTIONS)
