"""Notifications, put together."""

from services.notifications.consents.part import PART as CONSENTS
from services.notifications.contacts.part import PART as CONTACTS
from services.notifications.deliveries.part import PART as DELIVERIES
from services.notifications.messages.part import PART as MESSAGES
from services.notifications.preferences.part import PART as PREFERENCES
from services.notifications.reminders.part import PART as REMINDERS
from services.notifications.settings import Settings
from shared.service.service import Service

PARTS = (REMINDERS, DELIVERIES, MESSAGES, PREFERENCES, CONSENTS, CONTACTS)
"""From the top floor down: a part may use what is below it, never what is above."""


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service("notifications", "Linbang notifications", Settings(), PARTS)
