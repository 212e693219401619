"""What somebody who leaves is still signed up for, and what stays of them."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up.domain import HOLDING, SignUpState

_TO_COME = text("""
    SELECT DISTINCT s.id, s.starts_at FROM sign_up u JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    WHERE u.district = :district AND u.volunteer_id = :volunteer_id AND u.state = ANY(:states)
      AND s.starts_at > clock_timestamp()
    ORDER BY s.starts_at, s.id
""")
_OF_SHIFT = text("""
    SELECT id, state, version FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND volunteer_id = :volunteer_id AND state = ANY(:states)
    FOR UPDATE
""")
_FORGET_CALENDAR = text("DELETE FROM calendar_feed WHERE district = :district AND volunteer_id = :volunteer_id")
_HISTORY = text("""
    SELECT count(*) AS records, max((ended_at AT TIME ZONE 'Asia/Shanghai')::date) AS last_served_on FROM service_record
    WHERE district = :district AND volunteer_id = :volunteer_id AND minutes > 0
""")
_LIVE = sorted((*HOLDING, SignUpState.WAITING))


class ToCome(NamedTuple):
    """A sign-up for a shift to come, locked."""

    id: UUID
    state: SignUpState
    version: int


class History(NamedTuple):
    """How many records there are of somebody, and the day of the last service."""

    records: int
    last_served_on: date | None


async def shifts_to_come(tx: AsyncConnection, district: str, volunteer_id: UUID) -> list[UUID]:
    """Return the shifts to come that somebody has a place on or waits for, by start."""
    values = {"district": district, "volunteer_id": volunteer_id, "states": _LIVE}
    return list((await tx.execute(_TO_COME, values)).scalars())


async def sign_ups_for(tx: AsyncConnection, district: str, shift_id: UUID, volunteer_id: UUID) -> list[ToCome]:
    """Return somebody's live sign-ups for a shift that the caller has locked."""
    values = {"district": district, "shift_id": shift_id, "volunteer_id": volunteer_id, "states": _LIVE}
    return [ToCome(row.id, SignUpState(row.state), row.version) for row in await tx.execute(_OF_SHIFT, values)]


async def forget_calendar(tx: AsyncConnection, district: str, volunteer_id: UUID) -> None:
    """Let the address of somebody's calendar open nothing any more."""
    await tx.execute(_FORGET_CALENDAR, {"district": district, "volunteer_id": volunteer_id})


async def history_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> History:
    """Return what stays of somebody."""
    row = (await tx.execute(_HISTORY, {"district": district, "volunteer_id": volunteer_id})).one()
    return History(row.records, row.last_served_on)
