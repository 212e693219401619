"""All SQL that adds deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.domain import SHAPE, delivery_id
from services.notifications.deliveries.tables import delivery
from services.notifications.messages.domain import OF_CLOCK, Message
from services.notifications.messages.repository import ADD_MESSAGES, values_of
from services.notifications.preferences.domain import Channel
from shared.store.statements import insert_rows


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery that did not exist before."""

    id: UUID
    message: Message
    channel: Channel


_ADD_DELIVERIES = insert_rows(
    delivery,
    ("district", "event_id", "recipient_id", "channel", "id", "state", "shape"),
    conflict="DO NOTHING",
    returning="id",
)
_ADD = text(f"WITH told AS ({ADD_MESSAGES.text}) {_ADD_DELIVERIES.text}")
_FIRST_STATES = {Channel.IN_APP: "sent", Channel.EMAIL: "queued"}


async def add_told(tx: AsyncConnection, messages: Sequence[Message]) -> list[NewDelivery]:
    """Put messages into inboxes, with a delivery for each channel; return the deliveries that were not there before."""
    deliveries = [
        NewDelivery(delivery_id(message.event_id, message.recipient_id, channel), message, channel)
        for message in messages
        for channel in message.channels
    ]
    added = await tx.scalars(
        _ADD,
        {
            **values_of(messages),
            "district": [delivery.message.district for delivery in deliveries],
            "event_id": [delivery.message.event_id for delivery in deliveries],
            "recipient_id": [delivery.message.recipient_id for delivery in deliveries],
            "channel": [delivery.channel for delivery in deliveries],
            "id": [delivery.id for delivery in deliveries],
            "state": [_FIRST_STATES[delivery.channel] for delivery in deliveries],
            "shape": [OF_CLOCK if delivery.message.by_clock else SHAPE for delivery in deliveries],
        },
    )
    new = set(added)
    return [delivery for delivery in deliveries if delivery.id in new]
