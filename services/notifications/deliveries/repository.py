"""All SQL that writes deliveries.

Invariant: a delivery is changed only by the mailer that claimed it last. A claim is told by its end (``due_at``): every
statement below that changes a claimed delivery names it and does nothing where it has passed to another mailer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.domain import SHAPE, delivery_id
from services.notifications.deliveries.tables import delivery
from services.notifications.messages.domain import Channel, Facts, Message
from shared.store.statements import insert_rows


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery that did not exist before."""

    id: UUID
    message: Message
    channel: Channel


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that this mailer may work on until ``until``. ``sealed`` is the contact, where it has arrived.

    It has ``waited`` since it was queued, and its mailbox has put it off for ``put_off_for``, if ever.
    """

    district: str
    event_id: UUID
    id: UUID
    attempts: int
    until: datetime
    waited: timedelta
    put_off_for: timedelta | None
    recipient_id: UUID
    template: str
    facts: Facts
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What came of a claimed mail: its state, why, and for one that is ``queued`` again the wait until it is due."""

    claim: Claim
    state: str
    reason: str | None
    put_off: bool
    wait: timedelta | None


_ADD_DELIVERIES = insert_rows(
    delivery,
    ("district", "event_id", "recipient_id", "channel", "id", "state"),
    same=("shape",),
    conflict="DO NOTHING",
    returning="id",
)
_FIRST_STATES = {Channel.IN_APP: "sent", Channel.EMAIL: "queued"}


async def add_deliveries(tx: AsyncConnection, messages: Sequence[Message]) -> list[NewDelivery]:
    """Deliver messages to inboxes and queue their mails; return the deliveries that were not there before."""
    deliveries = [
        NewDelivery(delivery_id(message.event_id, message.recipient_id, channel), message, channel)
        for message in messages
        for channel in message.channels
    ]
    added = await tx.scalars(
        _ADD_DELIVERIES,
        {
            "district": [delivery.message.district for delivery in deliveries],
            "event_id": [delivery.message.event_id for delivery in deliveries],
            "recipient_id": [delivery.message.recipient_id for delivery in deliveries],
            "channel": [delivery.channel for delivery in deliveries],
            "id": [delivery.id for delivery in deliveries],
            "state": [_FIRST_STATES[delivery.channel] for delivery in deliveries],
            "shape": SHAPE,
        },
    )
    new = set(added)
    return [delivery for delivery in deliveries if delivery.id in new]


_CLAIM = text("""
    WITH due AS (
        SELECT district, event_id, recipient_id, channel FROM delivery
        WHERE state = 'queued' AND due_at <= clock_timestamp()
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE delivery AS d SET due_at = clock_timestamp() + :lease, attempts = d.attempts + 1
        FROM due
        WHERE (d.district, d.event_id, d.recipient_id, d.channel)
            = (due.district, due.event_id, due.recipient_id, due.channel)
        RETURNING d.district, d.event_id, d.recipient_id, d.id, d.attempts, d.due_at AS until,
                  clock_timestamp() - d.queued_at AS waited, clock_timestamp() - d.put_off_since AS put_off_for
    )
    SELECT claimed.*, m.template, m.facts, c.sealed
    FROM claimed JOIN message AS m USING (district, event_id, recipient_id)
    LEFT JOIN contact AS c ON (c.district, c.volunteer_id) = (claimed.district, claimed.recipient_id)
""")


async def claim_due(tx: AsyncConnection, limit: int, lease: timedelta) -> list[Claim]:
    """Claim up to ``limit`` mails that are due, for ``lease``, passing over those that another mailer is claiming."""
    rows = await tx.execute(_CLAIM, {"limit": limit, "lease": lease})
    return [Claim(**row) for row in rows.mappings()]


_BEGIN_SENDING = text("""
    UPDATE delivery SET state = 'sending'
    WHERE district = :district AND event_id = :event_id AND recipient_id = :recipient_id AND channel = 'email'
      AND state = 'queued' AND due_at = :until
""")


async def begin_sending(tx: AsyncConnection, claim: Claim) -> bool:
    """Note that the mail is about to be offered to a server; False where the claim has passed to another mailer."""
    values = {
        "district": claim.district,
        "event_id": claim.event_id,
        "recipient_id": claim.recipient_id,
        "until": claim.until,
    }
    return bool((await tx.execute(_BEGIN_SENDING, values)).rowcount)


_CONCLUDE = text("""
    UPDATE delivery AS d
    SET state = c.state, reason = c.reason, due_at = coalesce(clock_timestamp() + c.wait, d.due_at),
        put_off_since = coalesce(d.put_off_since, CASE WHEN c.put_off THEN clock_timestamp() END)
    FROM unnest(CAST(:district AS text[]), CAST(:event_id AS uuid[]), CAST(:recipient_id AS uuid[]),
                CAST(:until AS timestamptz[]), CAST(:state AS text[]), CAST(:reason AS text[]),
                CAST(:put_off AS boolean[]), CAST(:wait AS interval[]))
         AS c(district, event_id, recipient_id, until, state, reason, put_off, wait)
    WHERE (d.district, d.event_id, d.recipient_id, d.channel) = (c.district, c.event_id, c.recipient_id, 'email')
      AND d.due_at = c.until
    RETURNING d.id
""")


async def conclude(tx: AsyncConnection, conclusions: Sequence[Conclusion]) -> set[UUID]:
    """Note what came of claimed mails; return the ids of those whose claim had not passed to another mailer."""
    concluded = await tx.scalars(
        _CONCLUDE,
        {
            "district": [conclusion.claim.district for conclusion in conclusions],
            "event_id": [conclusion.claim.event_id for conclusion in conclusions],
            "recipient_id": [conclusion.claim.recipient_id for conclusion in conclusions],
            "until": [conclusion.claim.until for conclusion in conclusions],
            "state": [conclusion.state for conclusion in conclusions],
            "reason": [conclusion.reason for conclusion in conclusions],
            "put_off": [conclusion.put_off for conclusion in conclusions],
            "wait": [conclusion.wait for conclusion in conclusions],
        },
    )
    return set(concluded)


_RESOLVE_INTERRUPTED = text("""
    UPDATE delivery SET state = 'uncertain', reason = 'interrupted'
    WHERE state = 'sending' AND due_at <= clock_timestamp()
""")


async def resolve_interrupted(tx: AsyncConnection) -> int:
    """Mark mails whose mailer died while offering them; return how many.

    The server may have accepted such a mail or not, and nobody can ask it: sending it again could make it two.
    """
    return (await tx.execute(_RESOLVE_INTERRUPTED)).rowcount
