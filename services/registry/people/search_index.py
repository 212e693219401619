"""Gives volunteers who were on file before they could be searched for by name and phone what they are found by.

Invariant: an item is done when nobody of its district is without; a batch is one transaction, so it can stop anywhere.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing, SealedPerson
from services.registry.people.tables import volunteer
from shared.store.event_log import now
from shared.store.statements import unnest
from shared.work.kind import Done, Item, Later, Outcome, Patience, WorkKind, in_transaction

BATCH = 500
_WITHOUT = text("""
    SELECT id, wrapped_key, personal_data FROM volunteer
    WHERE district = :district AND name_index IS NULL AND restricted_at IS NULL LIMIT :limit FOR UPDATE SKIP LOCKED
""")
_FILL = text(f"""
    UPDATE volunteer SET name_index = r.name_index, phone_tail_index = r.phone_tail_index
    FROM {unnest(volunteer, ["id", "name_index", "phone_tail_index"])}
    WHERE volunteer.district = :district AND volunteer.id = r.id
""")


def search_index_work(keys: KeyRing) -> WorkKind:
    """Return the work that a migration has scheduled, an item a district."""

    async def fill(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _fill(tx, keys, item.district) for item in items}

    return WorkKind(name="search_index", run=in_transaction(fill), patience=Patience(longest=60))


async def _fill(tx: AsyncConnection, keys: KeyRing, district: str) -> Outcome:
    rows = (await tx.execute(_WITHOUT, {"district": district, "limit": BATCH})).all()
    people = [keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data)) for row in rows]
    if rows:
        await tx.execute(
            _FILL,
            {
                "district": district,
                "id": [row.id for row in rows],
                "name_index": [keys.name_index(person.name) for person in people],
                "phone_tail_index": [keys.phone_tail_index(person.phone) for person in people],
            },
        )
    return Later(now()) if rows else Done()
