"""What is shown of sign-ups. Invariant: reads change nothing; every page is ordered by a key that does not move."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up.domain import SignUpState
from services.activities.signing_up.repository import whose_shift
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError


class MySignUp(BaseModel):
    """One of the caller's sign-ups; ``position`` on the waiting list counts from 1."""

    id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    state: SignUpState
    position: int | None
    checked_in_at: datetime | None
    answer_by: datetime | None
    """Until when an offered place or moved times are to be accepted."""


class ShiftSignUp(BaseModel):
    """A sign-up as a leader sees it: the volunteer's id and number, no name."""

    id: UUID
    volunteer_id: UUID
    volunteer_no: str
    state: SignUpState
    queue_number: int
    checked_in_at: datetime | None


_MY_SIGN_UPS = text("""
    SELECT u.id, u.shift_id, a.id AS activity_id, a.title AS activity_title, a.place, s.starts_at, s.ends_at, u.state,
           u.checked_in_at, u.answer_by,
           CASE WHEN u.state = 'waiting' THEN (
               SELECT count(*) FROM sign_up ahead
               WHERE ahead.district = u.district AND ahead.shift_id = u.shift_id AND ahead.state = 'waiting'
                 AND ahead.queue_number <= u.queue_number
           ) END AS position
    FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district AND u.volunteer_id = :volunteer_id AND (CAST(:after AS uuid) IS NULL OR u.id < :after)
    ORDER BY u.id DESC LIMIT :limit
""")
_SHIFT_SIGN_UPS = text("""
    SELECT u.id, u.volunteer_id, v.number AS volunteer_no, u.state, u.queue_number, u.checked_in_at
    FROM sign_up u JOIN known_volunteer v ON v.district = u.district AND v.id = u.volunteer_id
    WHERE u.district = :district AND u.shift_id = :shift_id AND u.queue_number > :after
    ORDER BY u.queue_number LIMIT :limit
""")


async def sign_ups_of_volunteer(
    tx: AsyncConnection, district: str, volunteer_id: UUID, after: UUID | None, limit: int
) -> list[MySignUp]:
    """Return a volunteer's sign-ups, newest first, from after an id on."""
    values = {"district": district, "volunteer_id": volunteer_id, "after": after, "limit": limit}
    return [MySignUp(**row) for row in (await tx.execute(_MY_SIGN_UPS, values)).mappings()]


async def sign_ups_of_shift(
    tx: AsyncConnection, actor: Actor, shift_id: UUID, after: int, limit: int
) -> list[ShiftSignUp]:
    """Return a shift's sign-ups in order of arrival, from after a queue number on.

    Raises RefusedError (not_found) where there is no such shift, or the actor does not staff it.
    """
    whose = await whose_shift(tx, actor.district, shift_id)
    if whose is None or not actor.reaches(unit=whose[0], made_by=whose[1]):
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    values = {"district": actor.district, "shift_id": shift_id, "after": after, "limit": limit}
    rows = await tx.execute(_SHIFT_SIGN_UPS, values)
    return [ShiftSignUp(**row) for row in rows.mappings()]
