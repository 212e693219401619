"""What stays of somebody who leaves."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_FORGET_CALENDAR = text("DELETE FROM calendar_feed WHERE district = :district AND volunteer_id = :volunteer_id")
_HISTORY = text("""
    SELECT count(*) AS records, max((ended_at AT TIME ZONE 'Asia/Shanghai')::date) AS last_served_on FROM service_record
    WHERE district = :district AND volunteer_id = :volunteer_id AND minutes > 0
""")


class History(NamedTuple):
    """How many records there are of somebody, and the day of the last service."""

    records: int
    last_served_on: date | None


async def forget_calendar(tx: AsyncConnection, district: str, volunteer_id: UUID) -> None:
    """Let the address of somebody's calendar open nothing any more."""
    await tx.execute(_FORGET_CALENDAR, {"district": district, "volunteer_id": volunteer_id})


async def history_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> History:
    """Return what stays of somebody."""
    row = (await tx.execute(_HISTORY, {"district": district, "volunteer_id": volunteer_id})).one()
    return History(row.records, row.last_served_on)
