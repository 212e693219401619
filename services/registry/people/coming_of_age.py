"""Who is a minor, kept up: found out once of those on file before it was, and each day of minors who come of age.

Invariant: a change of it is told in the transaction that makes it, and whoever comes of age has no guardian any more
who is told too. Nothing on file says when somebody was born but what is sealed, so it is opened to know.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.volunteer import is_minor
from services.registry.people.enrolment import guardian_not_reached, profile_changed
from services.registry.people.repository import COLUMNS_IN_FULL, OnFileInFull, in_full_of
from services.registry.people.tables import volunteer
from shared.contracts.calendar import district_day
from shared.contracts.topics import CONTACT
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.store.statements import unnest
from shared.work.kind import Done, Item, Later, Outcome, Patience, WorkKind, every, in_transaction

BATCH = 500
_OF_DISTRICT = text(f"""
    {COLUMNS_IN_FULL}, district FROM volunteer v
    WHERE district = :district AND number > :after AND erased_at IS NULL ORDER BY number LIMIT :limit FOR UPDATE
""")
_MINORS = text(f"""
    {COLUMNS_IN_FULL}, district
    FROM volunteer v WHERE minor AND erased_at IS NULL ORDER BY district, number FOR UPDATE
""")
_SET = text(f"""
    UPDATE volunteer SET minor = r.minor, version = r.version
    FROM {unnest(volunteer, ["district", "id", "minor", "version"])}
    WHERE (volunteer.district, volunteer.id) = (r.district, r.id)
""")


def minors_work(keys: KeyRing) -> WorkKind:
    """Return the work that a migration has scheduled, an item a district: it finds out who of them is a minor."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _find_some(tx, keys, item) for item in items}

    return WorkKind(name="minors", run=in_transaction(run), patience=Patience(longest=60))


def coming_of_age_work(keys: KeyRing) -> WorkKind:
    """Return the work that looks each day which minors have come of age."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        for item in items:
            await _enter(tx, keys, (await tx.execute(_MINORS)).all(), item)
        return {}

    return WorkKind(name="coming_of_age", run=in_transaction(run), patience=Patience(), every=every(timedelta(days=1)))


async def _find_some(tx: AsyncConnection, keys: KeyRing, item: Item) -> Outcome:
    values = {"district": item.district, "after": item.payload.get("after", ""), "limit": BATCH}
    rows = (await tx.execute(_OF_DISTRICT, values)).all()
    if not rows:
        return Done()
    await _enter(tx, keys, rows, item)
    return Later(now(), {"after": rows[-1].number})


async def _enter(tx: AsyncConnection, keys: KeyRing, rows: Sequence[Row[Any]], item: Item) -> None:
    """Note of which people it has changed whether they are minors, and tell of it."""
    today = district_day(now())
    changed = await asyncio.to_thread(_changed, keys, rows, today)
    if not changed:
        return
    await tx.execute(
        _SET,
        {
            "district": [district for district, _ in changed],
            "id": [known.id for _, known in changed],
            "minor": [not known.minor for _, known in changed],
            "version": [known.version + 1 for _, known in changed],
        },
    )
    events = []
    for district, known in changed:
        told = profile_changed(known, minor=not known.minor, guardian_agreed=known.guardian_agreed)
        events.append(NewEvent(district, known.id, known.version + 1, told, f"work:{item.id}"))
    await event_log.append(tx, events)
    await event_log.put_state(
        tx, CONTACT.name, [guardian_not_reached(district, known.id) for district, known in changed if known.minor]
    )


def _changed(keys: KeyRing, rows: Sequence[Row[Any]], today: date) -> list[tuple[str, OnFileInFull]]:
    people = [(row.district, in_full_of(keys, row)) for row in rows]
    return [(district, known) for district, known in people if known.minor != is_minor(known.volunteer, today)]
