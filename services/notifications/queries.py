"""What is read: a volunteer's inbox, and how a district's deliveries stand."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.notifications.domain.messages import Facts, Template
from shared.store.engine import Store


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One message of an inbox, not yet worded."""

    id: UUID
    template: Template
    facts: Facts
    occurred_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """How many deliveries of a district are in a state, for a reason; the oldest since when."""

    channel: str
    state: str
    reason: str | None
    deliveries: int
    oldest: datetime


_INBOX = text("""
    SELECT event_id AS id, template, facts, occurred_at, read_at FROM message
    WHERE district = :district AND volunteer_id = :volunteer_id
      AND (occurred_at, event_id) < (CAST(:before AS timestamptz), CAST(:before_id AS uuid))
    ORDER BY occurred_at DESC, event_id DESC LIMIT :limit
""")
_UNREAD = text("""
    SELECT count(*) FROM message WHERE district = :district AND volunteer_id = :volunteer_id AND read_at IS NULL
""")
_DELIVERIES = text("""
    SELECT channel, state, reason, count(*) AS deliveries, min(queued_at) AS oldest FROM delivery
    WHERE district = :district GROUP BY channel, state, reason ORDER BY channel, state, reason
""")
_NEWEST = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


async def inbox(
    store: Store, district: str, volunteer_id: UUID, *, after: tuple[Any, ...] | None, limit: int
) -> tuple[list[InboxMessage], int]:
    """Return up to ``limit`` messages, newest first, below the position ``after``, and how many are unread in all.

    A position is a message's time and id.
    """
    before, before_id = after or _NEWEST
    owner = {"district": district, "volunteer_id": volunteer_id}
    async with store.transaction(district) as tx:
        rows = await tx.execute(_INBOX, {**owner, "before": before, "before_id": before_id, "limit": limit})
        unread = await tx.scalar(_UNREAD, owner)
        return [InboxMessage(**row) for row in rows.mappings()], unread or 0


async def delivery_counts(store: Store, district: str) -> list[DeliveryCount]:
    """Count a district's deliveries by channel, state and reason."""
    async with store.transaction(district) as tx:
        rows = await tx.execute(_DELIVERIES, {"district": district})
        return [DeliveryCount(**row) for row in rows.mappings()]


def position(message: InboxMessage) -> tuple[str, str]:
    """Return where in the inbox a message stands."""
    return message.occurred_at.isoformat(), str(message.id)
