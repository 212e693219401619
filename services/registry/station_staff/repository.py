"""Staff on file. Invariant: a name is on file sealed, bound to its row."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS = "id, station_id, sealed_name, employment, source, since, until, version"
_INSERT = text("""
    INSERT INTO station_staff (district, id, station_id, sealed_name, employment, source, since, version)
    VALUES (:district, :id, :station_id, :sealed_name, :employment, :source, :since, 1)
""")
_LOCK = text(f"SELECT {_COLUMNS} FROM station_staff WHERE district = :district AND id = :id FOR NO KEY UPDATE")
_END = text("""
    UPDATE station_staff SET until = :until, version = version + 1 WHERE district = :district AND id = :id
    RETURNING version
""")
_OF_STATION = text(f"""
    SELECT {_COLUMNS} FROM station_staff
    WHERE district = :district AND station_id = :station_id
      AND (until IS NOT NULL, id) > (CAST(:ended AS boolean), CAST(:after AS uuid))
    ORDER BY until IS NOT NULL, id LIMIT :limit
""")


async def insert(tx: AsyncConnection, **row: object) -> None:
    """Put somebody on file."""
    await tx.execute(_INSERT, row)


async def lock(tx: AsyncConnection, district: str, staff_id: UUID) -> Row[Any] | None:
    """Become the one who changes an entry; return it, or None."""
    return (await tx.execute(_LOCK, {"district": district, "id": staff_id})).one_or_none()


async def end(tx: AsyncConnection, district: str, staff_id: UUID, until: date) -> int:
    """Note somebody's last day; return the entry's version."""
    values = {"district": district, "id": staff_id, "until": until}
    version: int = (await tx.execute(_END, values)).scalar_one()
    return version


async def of_station(
    tx: AsyncConnection, district: str, station_id: UUID, after: tuple[bool, UUID], limit: int
) -> Sequence[Row[Any]]:
    """Return who works at a station, those who do first, from after a position on."""
    ended, last = after
    values = {"district": district, "station_id": station_id, "ended": ended, "after": last, "limit": limit}
    return (await tx.execute(_OF_STATION, values)).all()
