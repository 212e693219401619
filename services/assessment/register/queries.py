"""Who is known."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_IS_KNOWN = text("SELECT EXISTS (SELECT FROM known_volunteer WHERE district = :district AND id = :volunteer_id)")
_PEOPLE = text("""
    SELECT district, id, number FROM known_volunteer WHERE number = :volunteer OR CAST(id AS text) = :volunteer
""")
_PERSONS = text("""
    SELECT m.district, m.id, m.kept_id
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[])) AS a(district, id)
    JOIN merged_volunteer m ON m.district = a.district AND m.id = a.id
    WHERE m.kept_id IS NOT NULL
""")


async def persons(tx: AsyncConnection, entries: Collection[tuple[str, UUID]]) -> Mapping[tuple[str, UUID], UUID]:
    """Return who some entries, (district, id) each, are now; those that are merged into another one alone."""
    rows = await tx.execute(
        _PERSONS, {"district": [district for district, _ in entries], "id": [each for _, each in entries]}
    )
    return {(row.district, row.id): row.kept_id for row in rows}


async def is_known(tx: AsyncConnection, district: str, volunteer_id: UUID) -> bool:
    """Return whether registry has told of a volunteer."""
    return bool(await tx.scalar(_IS_KNOWN, {"district": district, "volunteer_id": volunteer_id}))


async def volunteers_named(tx: AsyncConnection, volunteer: str) -> Sequence[tuple[str, UUID, str]]:
    """Return (district, id, number) of whoever has a number or id, in whichever district."""
    return [(row.district, row.id, row.number) for row in await tx.execute(_PEOPLE, {"volunteer": volunteer})]
