"""All SQL that writes messages."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.contacts.repository import ENTRIES_OF
from services.notifications.messages.domain import OF_CLOCK, SHAPE, Message
from services.notifications.messages.tables import message
from shared.store.statements import insert_rows

ADD_MESSAGES = insert_rows(
    message,
    ("district", "event_id", "recipient_id", "template", "facts", "occurred_at", "shape"),
    conflict="DO NOTHING",
    prefix="message_",
)
"""Puts messages into inboxes; those that are there already stay. It takes `values_of`; deliveries are added with it."""


def values_of(messages: Sequence[Message]) -> dict[str, object]:
    """Return messages as ``ADD_MESSAGES`` takes them."""
    return {
        "message_district": [message.district for message in messages],
        "message_event_id": [message.event_id for message in messages],
        "message_recipient_id": [message.recipient_id for message in messages],
        "message_template": [message.template for message in messages],
        "message_facts": [json.dumps(message.facts, ensure_ascii=False) for message in messages],
        "message_occurred_at": [message.occurred_at for message in messages],
        "message_shape": [OF_CLOCK if message.by_clock else SHAPE for message in messages],
    }


_MARK_READ = text(f"""
    UPDATE message SET read_at = coalesce(read_at, clock_timestamp())
    WHERE district = :district AND event_id = :event_id AND recipient_id = {ENTRIES_OF}
""")


async def mark_read(tx: AsyncConnection, district: str, recipient_id: UUID, event_id: UUID) -> bool:
    """Note that somebody has read what they were told of an event, the first time; False where that is nothing."""
    values = {"district": district, "event_id": event_id, "recipient_id": recipient_id}
    return bool((await tx.execute(_MARK_READ, values)).rowcount)
