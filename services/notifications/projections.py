"""The contacts, as registry last published them, and the messages that events make.

Invariant: a contact is stored sealed, as it came. Nothing here can open one, nor send anything: a message is a row,
and a mail is queued in the table it is written to, which in a replay is no table that a mailer looks into.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications import repository
from services.notifications.domain.messages import message_about
from services.notifications.repository import NewDelivery
from shared.contracts import Event
from shared.contracts.received import Received, StateRecord
from shared.store.projection import ProjectedTable, Projection

_PUT = text("""
    INSERT INTO contact (district, volunteer_id, sealed)
    SELECT * FROM unnest(CAST(:district AS text[]), CAST(:volunteer_id AS uuid[]), CAST(:sealed AS bytea[]))
    ON CONFLICT (district, volunteer_id) DO UPDATE SET sealed = EXCLUDED.sealed
""")
_ERASE = text("""
    DELETE FROM contact AS c USING unnest(CAST(:district AS text[]), CAST(:volunteer_id AS uuid[]))
        AS e(district, volunteer_id)
    WHERE (c.district, c.volunteer_id) = (e.district, e.volunteer_id)
""")


async def keep_contacts(tx: AsyncConnection, records: Sequence[StateRecord]) -> None:
    """Store the sealed contacts, and delete those of volunteers who were erased; the last record of a key counts."""
    latest = {(record.district, UUID(record.key)): record.value for record in records}
    known = [(key, sealed) for key, sealed in latest.items() if sealed is not None]
    erased = [key for key, sealed in latest.items() if sealed is None]
    if known:
        await tx.execute(
            _PUT,
            {
                "district": [district for (district, _), _ in known],
                "volunteer_id": [volunteer_id for (_, volunteer_id), _ in known],
                "sealed": [sealed for _, sealed in known],
            },
        )
    if erased:
        await tx.execute(
            _ERASE,
            {
                "district": [district for district, _ in erased],
                "volunteer_id": [volunteer_id for _, volunteer_id in erased],
            },
        )


async def enter_messages(tx: AsyncConnection, events: Sequence[Received[Event]]) -> list[NewDelivery]:
    """Put what there is to tell into the inboxes and queue the mails; return the deliveries that are new."""
    messages = [message for event in events if (message := message_about(event))]
    return await repository.add_messages(tx, messages) if messages else []


CONTACTS = Projection("contacts", (ProjectedTable("contact"),), keep_contacts)
MESSAGES = Projection(
    "messages",
    (
        ProjectedTable("message", ("volunteer_id", "template", "facts", "occurred_at")),
        ProjectedTable("delivery", ("id",)),
    ),
    enter_messages,
    compare_only="what was read and what was sent follows from no event, and nothing may be sent again",
)
