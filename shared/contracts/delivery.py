"""Events of a message to a person. The address stays with notifications; the event says only that it went."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class MessageDelivered(Event):
    """A message about an event has reached a channel: ``in_app`` or ``email``."""

    topic: ClassVar[str] = "notifications.delivery"

    delivery_id: UUID
    volunteer_id: UUID
    event_id: UUID
    channel: str
    template: str


class MessageUndeliverable(Event):
    """A message can never be delivered on this channel; ``reason`` is a code, never an address."""

    topic: ClassVar[str] = "notifications.delivery"

    delivery_id: UUID
    volunteer_id: UUID
    event_id: UUID
    channel: str
    template: str
    reason: str


class MessageSentAgain(Event):
    """An operator has a mail sent again that was undeliverable, once the cause is mended; ``caused_by`` says who."""

    topic: ClassVar[str] = "notifications.delivery"

    delivery_id: UUID
    volunteer_id: UUID
    event_id: UUID
    channel: str
    template: str
    reason: str
    """The operator's words; no name and no number of a person belongs here."""
