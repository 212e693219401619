"""What registry has told us of volunteers and stations, as commands look it up."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_VOLUNTEERS_BY_NUMBER = text("""
    SELECT number, id FROM known_volunteer WHERE district = :district AND number = ANY(CAST(:numbers AS text[]))
""")
_STATIONS_BY_CODE = text("""
    SELECT code, id FROM known_station WHERE district = :district AND code = ANY(CAST(:codes AS text[]))
""")
_STATION = text("""
    SELECT id FROM known_station WHERE district = :district AND (code = :named OR CAST(id AS text) = lower(:named))
""")
# Two look-ups by index, not a join: a table that has just been filled has no statistics to plan a join by.
_KNOWN_AND_LIVE = text("""
    SELECT id, false AS live FROM known_volunteer
    WHERE district = :district AND id = ANY(CAST(:volunteers AS uuid[]))
    UNION ALL
    SELECT volunteer_id, true FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND volunteer_id = ANY(CAST(:volunteers AS uuid[]))
      AND state <> 'withdrawn'
""")


async def volunteers_by_number(tx: AsyncConnection, district: str, numbers: Collection[str]) -> dict[str, UUID]:
    """Return the ids of the volunteers that are known, by number."""
    rows = await tx.execute(_VOLUNTEERS_BY_NUMBER, {"district": district, "numbers": list(numbers)})
    return {row.number: row.id for row in rows}


async def stations_by_code(tx: AsyncConnection, district: str, codes: Collection[str]) -> dict[str, UUID]:
    """Return the ids of the stations that are known, by code."""
    rows = await tx.execute(_STATIONS_BY_CODE, {"district": district, "codes": list(codes)})
    return {row.code: row.id for row in rows}


async def find_station(tx: AsyncConnection, district: str, named: str) -> UUID | None:
    """Return the id of the station with this code or id, or None."""
    found: UUID | None = await tx.scalar(_STATION, {"district": district, "named": named})
    return found


async def known_and_live(
    tx: AsyncConnection, district: str, shift_id: UUID, volunteers: Sequence[UUID]
) -> tuple[set[UUID], set[UUID]]:
    """Return which of the volunteers are known, and which of those are signed up for the shift."""
    rows = await tx.execute(
        _KNOWN_AND_LIVE, {"district": district, "shift_id": shift_id, "volunteers": list(volunteers)}
    )
    found: tuple[set[UUID], set[UUID]] = set(), set()
    for volunteer_id, is_live in rows:
        found[is_live].add(volunteer_id)
    return found
