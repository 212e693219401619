"""All SQL about the text messages that a minor's guardian gets of what the minor is told.

Invariant: there is one for each message to a minor whose guardian is reached when it is told, and it goes nowhere but
where the guardian is reached at the moment of sending: the contact is read then, and is gone with the consent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.domain import GUARDIAN_TEXT, Way, guardian_text_id
from services.notifications.messages.domain import OF_CLOCK, Facts, Message
from shared.contracts.topics import guardian_key
from shared.work.kind import Ended, Item, NewWork
from shared.work.queue import schedule

# Who has a guardian is no event's matter: like what the clock makes, these rows are left out where events are compared.
_ADD = text(f"""
    INSERT INTO delivery (district, event_id, recipient_id, channel, id, state, shape)
    SELECT w.district, w.event_id, w.recipient_id, '{Way.GUARDIAN_SMS}', w.id, 'queued', {OF_CLOCK}
    FROM unnest(CAST(:district AS text[]), CAST(:event_id AS uuid[]), CAST(:recipient_id AS uuid[]),
                CAST(:guardian AS uuid[]), CAST(:id AS uuid[])) AS w(district, event_id, recipient_id, guardian, id)
    JOIN contact AS c ON (c.district, c.volunteer_id) = (w.district, w.guardian)
    ON CONFLICT DO NOTHING RETURNING district, event_id, recipient_id, id
""")


async def queue_guardian_texts(tx: AsyncConnection, messages: Iterable[Message]) -> None:
    """Have the guardians of minors told too what these messages say."""
    told = list({(each.event_id, each.recipient_id): each for each in messages}.values())
    if not told:
        return
    added = await tx.execute(
        _ADD,
        {
            "district": [each.district for each in told],
            "event_id": [each.event_id for each in told],
            "recipient_id": [each.recipient_id for each in told],
            "guardian": [guardian_key(each.recipient_id) for each in told],
            "id": [guardian_text_id(each.event_id, each.recipient_id) for each in told],
        },
    )
    await schedule(
        tx,
        [
            NewWork(
                district=row.district,
                kind=GUARDIAN_TEXT,
                payload={"event_id": str(row.event_id), "recipient_id": str(row.recipient_id)},
                id=row.id,
            )
            for row in added
        ],
    )


@dataclass(frozen=True, slots=True)
class GuardianText:
    """A text message that has not come to an end; ``sealed`` is the guardian's contact, None where there is none."""

    id: UUID
    guardian: UUID
    waited: timedelta
    template: str
    facts: Facts
    sealed: bytes | None
    has_left: bool
    """The minor has ended their registration."""


_LOAD = text(f"""
    SELECT d.id, clock_timestamp() - d.queued_at AS waited, m.template, m.facts, c.sealed,
           EXISTS (SELECT FROM closed_volunteer v WHERE (v.district, v.id) = (d.district, d.recipient_id)) AS has_left
    FROM delivery AS d
    JOIN message AS m USING (district, event_id, recipient_id)
    LEFT JOIN contact AS c ON (c.district, c.volunteer_id) = (d.district, :guardian)
    WHERE (d.district, d.event_id, d.recipient_id, d.channel)
        = (:district, :event_id, :recipient_id, '{Way.GUARDIAN_SMS}') AND d.state = 'queued'
""")


async def load_guardian_text(tx: AsyncConnection, item: Item) -> GuardianText | None:
    """Return the text message of an item, or None where it has come to an end."""
    guardian = guardian_key(UUID(item.payload["recipient_id"]))
    row = (await tx.execute(_LOAD, {**_key(item), "guardian": guardian})).mappings().one_or_none()
    return GuardianText(**row, guardian=guardian) if row else None


_END = text(f"""
    UPDATE delivery AS d SET state = :state, reason = :reason
    FROM unnest(CAST(:district AS text[]), CAST(:event_id AS uuid[]), CAST(:recipient_id AS uuid[]))
         AS w(district, event_id, recipient_id)
    WHERE (d.district, d.event_id, d.recipient_id, d.channel)
        = (w.district, w.event_id, w.recipient_id, '{Way.GUARDIAN_SMS}') AND d.state = 'queued'
""")


async def end_guardian_texts(
    tx: AsyncConnection, items: Sequence[Item] | Sequence[Ended], state: str, reason: str | None
) -> None:
    """Note what came of text messages."""
    keys = [_key(item) for item in items]
    values = {name: [key[name] for key in keys] for name in ("district", "event_id", "recipient_id")}
    await tx.execute(_END, {**values, "state": state, "reason": reason})


def _key(item: Item | Ended) -> dict[str, object]:
    return {
        "district": item.district,
        "event_id": UUID(item.payload["event_id"]),
        "recipient_id": UUID(item.payload["recipient_id"]),
    }
