"""What is shown of attendance. Invariant: reads change nothing."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository
from services.activities.attendance.domain import counts_from, counts_until
from services.activities.attendance.repository import ShiftAttended
from services.activities.signing_up.domain import SignUpState
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError


class CheckInView(BaseModel):
    """What a scanned QR opens: the shift, and how the caller stands to it. Without a sign-up the last four are null."""

    shift_id: UUID
    activity_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    free_places: int
    sign_up_id: UUID | None
    state: SignUpState | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None


async def check_in_view(tx: AsyncConnection, actor: Actor, shift_id: UUID) -> CheckInView:
    """Return what the code of a shift shows its reader. Raises RefusedError ``not_found``."""
    shift = await repository.read_shift(tx, actor.district, shift_id)
    if shift is None:
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    own = actor.volunteer_id and await repository.read_of_volunteer(tx, actor.district, shift_id, actor.volunteer_id)
    return CheckInView(
        shift_id=shift.id,
        activity_id=shift.activity_id,
        title=shift.activity_title,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        opens_at=shift.starts_at - shift.rules.check_in_opens,
        free_places=shift.capacity - shift.taken,
        sign_up_id=own.sign_up_id if own else None,
        state=own.state if own else None,
        checked_in_at=own.checked_in_at if own else None,
        checked_out_at=own.checked_out_at if own else None,
    )


class ClosingLine(BaseModel):
    """One sign-up of a shift that is to be closed: what is known, what counts of it, and whether something is missing.

    ``started_at`` to ``ended_at`` and ``minutes`` are the record's, where there is one; ``counts_from`` and
    ``counts_until`` are what the rules alone give for what was tapped, null where it is not known. ``rating`` is the
    organiser's.
    """

    sign_up_id: UUID
    volunteer_id: UUID
    number_last_four: str
    state: SignUpState
    no_show: bool
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    minutes: int
    counts_from: datetime | None
    counts_until: datetime | None
    missing: bool
    rating: int | None


class ClosingList(BaseModel):
    """What a leader looks through before a shift is closed: all who had a place, those with something missing first."""

    shift_id: UUID
    closed_at: datetime | None
    missing: int
    items: list[ClosingLine]


_CLOSING_LINES = text("""
    SELECT u.id AS sign_up_id, u.volunteer_id, right(v.number, 4) AS number_last_four, u.state,
           coalesce(u.absence = 'no_show', false) AS no_show, u.checked_in_at, u.checked_out_at, r.started_at,
           r.ended_at, coalesce(r.minutes, 0) AS minutes,
           u.state IN ('attending', 'missing_check_out') AS missing, r.organiser_rating AS rating
    FROM sign_up u
    JOIN known_volunteer v ON v.district = u.district AND v.id = u.volunteer_id
    LEFT JOIN service_record r ON r.district = u.district AND r.sign_up_id = u.id AND r.minutes > 0
    WHERE u.district = :district AND u.shift_id = :shift_id
      AND u.state IN ('confirmed', 'attending', 'completed', 'missing_check_out')
    ORDER BY missing DESC, u.queue_number
""")


async def closing_list(tx: AsyncConnection, actor: Actor, shift_id: UUID) -> ClosingList:
    """Return what a shift's leader confirms. Raises RefusedError ``not_found``."""
    shift = await staffed_shift(tx, actor, shift_id)
    rows = await tx.execute(_CLOSING_LINES, {"district": actor.district, "shift_id": shift_id})
    items = [_line(shift, row) for row in rows.mappings()]
    return ClosingList(
        shift_id=shift_id,
        closed_at=shift.closed_at,
        missing=sum(item.missing for item in items),
        items=items,
    )


async def staffed_shift(tx: AsyncConnection, actor: Actor, shift_id: UUID) -> ShiftAttended:
    """Return a shift. Raises RefusedError ``not_found`` where there is none, or the actor does not staff it."""
    shift = await repository.read_shift(tx, actor.district, shift_id)
    if shift is None or not actor.reaches(unit=shift.station_id, made_by=shift.published_by):
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    return shift


def _line(shift: ShiftAttended, row: RowMapping) -> ClosingLine:
    came_at, left_at = row["checked_in_at"], row["checked_out_at"]
    return ClosingLine(
        **row,
        counts_from=came_at and counts_from(came_at, shift.starts_at, shift.rules),
        counts_until=left_at and counts_until(left_at, shift.ends_at, shift.rules),
    )
