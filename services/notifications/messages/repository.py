"""All SQL that writes messages."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.messages.domain import Message
from services.notifications.messages.tables import message
from shared.store.statements import insert_rows

_ADD_MESSAGES = insert_rows(
    message, ("district", "event_id", "volunteer_id", "template", "facts", "occurred_at"), conflict="DO NOTHING"
)


async def add_messages(tx: AsyncConnection, messages: Sequence[Message]) -> None:
    """Put messages into inboxes; those that are there already stay as they are."""
    await tx.execute(
        _ADD_MESSAGES,
        {
            "district": [message.district for message in messages],
            "event_id": [message.event_id for message in messages],
            "volunteer_id": [message.volunteer_id for message in messages],
            "template": [message.template for message in messages],
            "facts": [json.dumps(message.facts, ensure_ascii=False) for message in messages],
            "occurred_at": [message.occurred_at for message in messages],
        },
    )


_MARK_READ = text("""
    UPDATE message SET read_at = coalesce(read_at, clock_timestamp())
    WHERE district = :district AND event_id = :event_id AND volunteer_id = :volunteer_id
""")


async def mark_read(tx: AsyncConnection, district: str, volunteer_id: UUID, message_id: UUID) -> bool:
    """Note that a volunteer has read a message of theirs, the first time; False where there is none."""
    values = {"district": district, "event_id": message_id, "volunteer_id": volunteer_id}
    return bool((await tx.execute(_MARK_READ, values)).rowcount)
