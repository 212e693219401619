"""Reminders, put together."""

from services.notifications.reminders.commands import REMINDERS
from services.notifications.reminders.reactions import REACTIONS
from shared.service.part import Part

PART = Part(reactions=REACTIONS, work=lambda _settings: [REMINDERS])
