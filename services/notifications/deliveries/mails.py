"""All SQL about mails that are to be sent.

Invariant: a mail goes queued -> sending -> whatever comes of it, and only whoever has claimed its work can take the
first step, so one mailer alone takes the second. A mail that is neither queued nor being sent is changed no more, but
for one that has failed for good and is sent again (``sending_again``).
The row of its work is locked before its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.domain import MAIL
from services.notifications.deliveries.repository import NewDelivery
from services.notifications.messages.domain import OF_CLOCK, Facts
from services.notifications.preferences.domain import Channel, Preferences
from services.notifications.preferences.repository import preferences_of
from shared.work.kind import Ended, Item, NewWork
from shared.work.queue import CLAIMED, schedule


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that has not come to an end. ``sealed`` is the contact, where it has arrived.

    It has ``waited`` since it was queued, and its mailbox has put it off for ``put_off_for``, if ever.
    """

    district: str
    event_id: UUID
    recipient_id: UUID
    id: UUID
    state: str
    waited: timedelta
    put_off_for: timedelta | None
    template: str
    facts: Facts
    sealed: bytes | None
    caused_by: str
    has_left: bool
    """Its recipient has ended their registration."""
    preferences: Preferences
    sent_again: int
    """How many times it was sent again after it had failed for good."""
    may_be_mailed: bool = True
    """Whether its recipient has not refused, or taken back, that they are mailed (registry's purpose ``notices``)."""


@dataclass(frozen=True, slots=True)
class EndedMail:
    """A mail whose work is over without it; ``state`` is the mail's own."""

    district: str
    event_id: UUID
    recipient_id: UUID
    id: UUID
    state: str
    template: str
    caused_by: str
    sent_again: int


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What came of a mail: its state from now on, and why."""

    mail: Mail
    state: str
    reason: str | None
    put_off: bool


async def queue_mails(tx: AsyncConnection, deliveries: Sequence[NewDelivery]) -> None:
    """Have the mails among deliveries sent: each is an item of work with its id."""
    await schedule(
        tx,
        [
            NewWork(
                district=delivery.message.district,
                kind=MAIL,
                payload={
                    "event_id": str(delivery.message.event_id),
                    "recipient_id": str(delivery.message.recipient_id),
                },
                id=delivery.id,
            )
            for delivery in deliveries
            if delivery.channel is Channel.EMAIL
        ],
    )


# Whose entry is merged is reached as the person that they are now.
_CAUSE = f"CASE m.shape WHEN {OF_CLOCK} THEN 'work:' ELSE 'event:' END || d.event_id"
_LOAD = text(f"""
    SELECT d.district, d.event_id, d.recipient_id, d.id, d.state, clock_timestamp() - d.queued_at AS waited,
           clock_timestamp() - d.put_off_since AS put_off_for, m.template, m.facts, c.sealed, {_CAUSE} AS caused_by,
           d.sent_again, p.unwanted, p.quiet_from, p.quiet_until, coalesce(n.given, true) AS may_be_mailed,
           EXISTS (SELECT FROM closed_volunteer v WHERE (v.district, v.id) = (d.district, person.id)) AS has_left
    FROM unnest(CAST(:district AS text[]), CAST(:event_id AS uuid[]), CAST(:recipient_id AS uuid[]))
         AS w(district, event_id, recipient_id)
    JOIN delivery AS d USING (district, event_id, recipient_id)
    JOIN message AS m USING (district, event_id, recipient_id)
    LEFT JOIN merged_volunteer AS g ON (g.district, g.id) = (d.district, d.recipient_id)
    CROSS JOIN LATERAL (SELECT coalesce(g.kept_id, d.recipient_id) AS id) AS person
    LEFT JOIN contact AS c ON (c.district, c.volunteer_id) = (d.district, person.id)
    LEFT JOIN preference AS p ON (p.district, p.recipient_id) = (d.district, person.id)
    LEFT JOIN notice_consent AS n ON (n.district, n.volunteer_id) = (d.district, person.id)
    WHERE d.channel = 'email' AND d.state IN ('queued', 'sending')
""")


async def load_mails(tx: AsyncConnection, items: Sequence[Item]) -> dict[UUID, Mail]:
    """Return the mails of these items that have not come to an end, by id."""
    rows = await tx.execute(_LOAD, _keys(items))
    return {row["id"]: _mail(dict(row)) for row in rows.mappings()}


def _mail(row: dict[str, Any]) -> Mail:
    preferences = preferences_of(row.pop("unwanted"), row.pop("quiet_from"), row.pop("quiet_until"))
    return Mail(**row, preferences=preferences)


_BEGIN_SENDING = text(f"""
    WITH claimed AS ({CLAIMED})
    UPDATE delivery AS d SET state = 'sending' FROM claimed
    WHERE d.district = claimed.district AND d.id = claimed.id
      AND d.event_id = :event_id AND d.recipient_id = :recipient_id AND d.channel = 'email' AND d.state = 'queued'
""")


async def begin_sending(tx: AsyncConnection, item: Item, mail: Mail) -> bool:
    """Note that the mail is about to be offered to a server; False where its work is not ours any more."""
    values = {
        "district": item.district,
        "id": item.id,
        "claimed_at": item.claimed_at,
        "event_id": mail.event_id,
        "recipient_id": mail.recipient_id,
    }
    return bool((await tx.execute(_BEGIN_SENDING, values)).rowcount)


_CONCLUDE = text("""
    UPDATE delivery AS d
    SET state = c.state, reason = c.reason,
        put_off_since = coalesce(d.put_off_since, CASE WHEN c.put_off THEN clock_timestamp() END)
    FROM unnest(CAST(:district AS text[]), CAST(:event_id AS uuid[]), CAST(:recipient_id AS uuid[]),
                CAST(:state AS text[]), CAST(:reason AS text[]), CAST(:put_off AS boolean[]))
         AS c(district, event_id, recipient_id, state, reason, put_off)
    WHERE (d.district, d.event_id, d.recipient_id, d.channel) = (c.district, c.event_id, c.recipient_id, 'email')
      AND d.state IN ('queued', 'sending')
    RETURNING d.id
""")


async def conclude(tx: AsyncConnection, conclusions: Sequence[Conclusion]) -> set[UUID]:
    """Note what came of mails; return the ids of those that had not come to another end meanwhile."""
    concluded = await tx.scalars(
        _CONCLUDE,
        {
            "district": [conclusion.mail.district for conclusion in conclusions],
            "event_id": [conclusion.mail.event_id for conclusion in conclusions],
            "recipient_id": [conclusion.mail.recipient_id for conclusion in conclusions],
            "state": [conclusion.state for conclusion in conclusions],
            "reason": [conclusion.reason for conclusion in conclusions],
            "put_off": [conclusion.put_off for conclusion in conclusions],
        },
    )
    return set(concluded)


_END = text(f"""
    UPDATE delivery AS d
    SET state = CASE d.state WHEN 'sending' THEN 'uncertain' ELSE 'undeliverable' END, reason = :reason
    FROM unnest(CAST(:district AS text[]), CAST(:event_id AS uuid[]), CAST(:recipient_id AS uuid[]))
         AS w(district, event_id, recipient_id)
    JOIN message AS m USING (district, event_id, recipient_id)
    WHERE (d.district, d.event_id, d.recipient_id, d.channel) = (w.district, w.event_id, w.recipient_id, 'email')
      AND d.state IN ('queued', 'sending')
    RETURNING d.district, d.event_id, d.recipient_id, d.id, d.state, m.template, {_CAUSE} AS caused_by, d.sent_again
""")


async def end_mails(tx: AsyncConnection, items: Sequence[Ended], reason: str) -> list[EndedMail]:
    """End mails whose work is over: undeliverable, or uncertain where one is being offered just now; return them."""
    rows = await tx.execute(_END, {**_keys(items), "reason": reason})
    return [EndedMail(**row) for row in rows.mappings()]


# Who cancels a mail's work has decided that it is not sent. Where its work is still there, it is just being ended.
FAILED = """
    d.channel = 'email' AND d.state = 'undeliverable' AND d.reason IS DISTINCT FROM 'cancelled'
    AND NOT EXISTS (SELECT FROM work w WHERE w.district = d.district AND w.id = d.id)
"""
"""Of a delivery ``d``: it is a mail that has failed for good and may be sent again."""
_FIND_FAILED = text(f"""
    SELECT m.facts, m.occurred_at, {FAILED} AS failed
    FROM delivery d JOIN message m USING (district, event_id, recipient_id)
    WHERE d.district = :district AND d.id = :id AND d.channel = 'email'
""")
_COUNT_FAILED = text(f"""
    SELECT count(*) FROM delivery d JOIN message m USING (district, event_id, recipient_id)
    WHERE d.district = :district AND {FAILED} AND m.occurred_at >= :since AND m.occurred_at < :until
""")
_HOLD_FAILED = text(f"""
    SELECT d.district, d.event_id, d.recipient_id, d.id, d.sent_again, m.template, m.facts, m.occurred_at
    FROM delivery d JOIN message m USING (district, event_id, recipient_id)
    WHERE d.district = :district AND {FAILED} AND d.id > :after
      AND (CAST(:id AS uuid) IS NULL OR d.id = :id)
      AND (CAST(:since AS timestamptz) IS NULL OR m.occurred_at >= :since)
      AND (CAST(:until AS timestamptz) IS NULL OR m.occurred_at < :until)
    ORDER BY d.id LIMIT :limit FOR UPDATE OF d
""")
_QUEUE_ANEW = text("""
    UPDATE delivery d
    SET state = 'queued', reason = NULL, queued_at = clock_timestamp(), put_off_since = NULL,
        sent_again = d.sent_again + 1
    FROM unnest(CAST(:event_id AS uuid[]), CAST(:recipient_id AS uuid[])) AS r(event_id, recipient_id)
    WHERE (d.district, d.event_id, d.recipient_id, d.channel) = (:district, r.event_id, r.recipient_id, 'email')
""")


@dataclass(frozen=True, slots=True)
class Which:
    """Which failed mails: one by its id, or those of what has happened from a moment to before another."""

    id: UUID | None
    since: datetime | None
    until: datetime | None


async def find_failed(tx: AsyncConnection, district: str, delivery_id: UUID) -> Row[Any] | None:
    """Return a mail's facts and moment, and whether it has failed for good; None where there is no such mail."""
    return (await tx.execute(_FIND_FAILED, {"district": district, "id": delivery_id})).one_or_none()


async def count_failed(tx: AsyncConnection, district: str, since: datetime, until: datetime) -> int:
    """Return how many mails have failed for good, of what has happened from a moment to before another."""
    return await tx.scalar(_COUNT_FAILED, {"district": district, "since": since, "until": until}) or 0


async def hold_failed(tx: AsyncConnection, district: str, which: Which, after: UUID, limit: int) -> Sequence[Row[Any]]:
    """Return so many failed mails at most, by id from after one on, and hold them to the commit."""
    values = {"district": district, "id": which.id, "since": which.since, "until": which.until}
    return (await tx.execute(_HOLD_FAILED, {**values, "after": after, "limit": limit})).all()


async def queue_anew(tx: AsyncConnection, district: str, keys: Sequence[tuple[UUID, UUID]]) -> None:
    """Let mails that are held be queued as on their first day; ``keys``: event and recipient."""
    values = {"event_id": [event_id for event_id, _ in keys], "recipient_id": [recipient for _, recipient in keys]}
    await tx.execute(_QUEUE_ANEW, {"district": district, **values})


def _keys(items: Sequence[Item] | Sequence[Ended]) -> dict[str, object]:
    return {
        "district": [item.district for item in items],
        "event_id": [UUID(item.payload["event_id"]) for item in items],
        "recipient_id": [UUID(item.payload["recipient_id"]) for item in items],
    }
