"""What registry has told us of volunteers and stations, as commands look it up."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
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
    SELECT id, closed_on FROM known_station
    WHERE district = :district AND (code = :named OR CAST(id AS text) = lower(:named))
""")


async def volunteers_by_number(tx: AsyncConnection, district: str, numbers: Collection[str]) -> dict[str, UUID]:
    """Return the ids of the volunteers that are known, by number."""
    rows = await tx.execute(_VOLUNTEERS_BY_NUMBER, {"district": district, "numbers": list(numbers)})
    return {row.number: row.id for row in rows}


async def stations_by_code(tx: AsyncConnection, district: str, codes: Collection[str]) -> dict[str, UUID]:
    """Return the ids of the stations that are known, by code."""
    rows = await tx.execute(_STATIONS_BY_CODE, {"district": district, "codes": list(codes)})
    return {row.code: row.id for row in rows}


class KnownStation(NamedTuple):
    """A station, and the day from which on it is closed."""

    id: UUID
    closed_on: date | None


async def find_station(tx: AsyncConnection, district: str, named: str) -> KnownStation | None:
    """Return the station with this code or id, or None."""
    row = (await tx.execute(_STATION, {"district": district, "named": named})).one_or_none()
    return KnownStation(*row) if row else None
