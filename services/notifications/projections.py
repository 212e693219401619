"""The contacts, as registry last published them.

Invariant: a contact is stored sealed, as it came. Nothing here can open one, nor send anything.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.received import StateRecord

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
