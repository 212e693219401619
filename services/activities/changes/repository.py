"""Shifts and their sign-ups, as an organiser changes them.

Invariant: the activity's row is locked first, then its shifts in the order of their ids; what is asked of sign-ups is
asked under their shift's lock.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up.domain import Shift, SignUpState

_ACTIVITY_OF = text("SELECT activity_id FROM shift WHERE district = :district AND id = :id")
_TO_COME = text("""
    SELECT id FROM shift
    WHERE district = :district AND activity_id = :activity_id AND cancelled_at IS NULL
      AND starts_at > CAST(:at AS timestamptz)
    ORDER BY id FOR UPDATE
""")
_CONCERNED = text("""
    SELECT DISTINCT u.volunteer_id FROM sign_up u JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    WHERE s.district = :district AND s.activity_id = :activity_id AND s.starts_at > CAST(:at AS timestamptz)
      AND u.state IN ('confirmed', 'waiting', 'offered', 'asked_again', 'attending')
    ORDER BY u.volunteer_id
""")
_OPEN_SIGN_UPS = text("""
    SELECT id, shift_id, volunteer_id, state, version FROM sign_up
    WHERE district = :district AND shift_id = ANY(CAST(:shifts AS uuid[]))
      AND state IN ('confirmed', 'waiting', 'offered', 'asked_again', 'attending')
    ORDER BY shift_id, queue_number
""")
_CHANGE_SHIFT = text("""
    WITH moved AS (
        UPDATE sign_up SET starts_at = :starts_at, ends_at = :ends_at
        WHERE district = :district AND shift_id = :id AND (starts_at, ends_at) <> (:starts_at, :ends_at)
    )
    UPDATE shift SET starts_at = :starts_at, ends_at = :ends_at, capacity = :capacity, taken = :taken,
                     waiting = :waiting, version = version + 1
    WHERE district = :district AND id = :id
""")
_CANCEL_SHIFTS = text("""
    UPDATE shift s
    SET cancelled_at = :at, cancelled_reason = :reason, waiting = 0, version = version + 1,
        taken = (SELECT count(*) FROM sign_up u
                 WHERE u.district = s.district AND u.shift_id = s.id AND u.state = 'completed')
    WHERE district = :district AND id = ANY(CAST(:shifts AS uuid[]))
""")


class OpenSignUp(NamedTuple):
    """A sign-up that is not over."""

    id: UUID
    shift_id: UUID
    volunteer_id: UUID
    state: SignUpState
    version: int


async def activity_of(tx: AsyncConnection, district: str, shift_id: UUID) -> UUID | None:
    """Return the activity that a shift is of, or None where there is no such shift."""
    found: UUID | None = await tx.scalar(_ACTIVITY_OF, {"district": district, "id": shift_id})
    return found


async def lock_shifts_to_come(tx: AsyncConnection, district: str, activity_id: UUID, at: datetime) -> list[UUID]:
    """Lock the shifts of a locked activity that are to come; return their ids."""
    values = {"district": district, "activity_id": activity_id, "at": at}
    return list((await tx.execute(_TO_COME, values)).scalars())


async def concerned(tx: AsyncConnection, district: str, activity_id: UUID, at: datetime) -> list[UUID]:
    """Return the volunteers who hold or wait for a place on a shift to come."""
    values = {"district": district, "activity_id": activity_id, "at": at}
    return list((await tx.execute(_CONCERNED, values)).scalars())


async def open_sign_ups(tx: AsyncConnection, district: str, shifts: Collection[UUID]) -> list[OpenSignUp]:
    """Return the sign-ups of locked shifts that are not over, in order of arrival."""
    rows = await tx.execute(_OPEN_SIGN_UPS, {"district": district, "shifts": list(shifts)})
    return [OpenSignUp(row.id, row.shift_id, row.volunteer_id, SignUpState(row.state), row.version) for row in rows]


async def change_shift(tx: AsyncConnection, district: str, shift: Shift) -> None:
    """Put a locked shift's times, capacity and counts on file, and its times beside its sign-ups."""
    await tx.execute(
        _CHANGE_SHIFT,
        {
            "district": district,
            "id": shift.id,
            "starts_at": shift.starts_at,
            "ends_at": shift.ends_at,
            "capacity": shift.capacity,
            "taken": shift.taken,
            "waiting": shift.waiting,
        },
    )


async def cancel_shifts(tx: AsyncConnection, district: str, shifts: Sequence[UUID], at: datetime, reason: str) -> None:
    """Note that locked shifts do not take place; their sign-ups have been cancelled before."""
    await tx.execute(_CANCEL_SHIFTS, {"district": district, "shifts": list(shifts), "at": at, "reason": reason})
