"""The contacts, as registry last published them.

Invariant: a contact is stored sealed, as it came. Nothing here can open one.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.contacts.tables import closed_volunteer, contact, merged_volunteer
from shared.contracts.received import StateRecord
from shared.store.entries import known_entries, same_names
from shared.store.projection import ProjectedTable, Projection
from shared.store.statements import insert_rows, unnest

_PUT = insert_rows(
    contact,
    ("district", "volunteer_id", "sealed"),
    conflict="(district, volunteer_id) DO UPDATE SET sealed = excluded.sealed",
)
_ERASE = text(f"""
    DELETE FROM contact AS c USING {unnest(contact, ("district", "volunteer_id"))}
    WHERE (c.district, c.volunteer_id) = (r.district, r.volunteer_id)
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


CONTACTS = Projection("contacts", (ProjectedTable("contact"),), keep_contacts)
CLOSED_VOLUNTEERS = known_entries("closed_volunteers", closed_volunteer, same_names("restricted_at"))
"""Who has ended their registration: no mail is offered to them any more, whatever is queued."""
MERGED_VOLUNTEERS = known_entries("merged_volunteers", merged_volunteer, {"kept_id": "into_id"})
"""Which entry somebody's is merged into now; none where that was undone (ADR 0060)."""
