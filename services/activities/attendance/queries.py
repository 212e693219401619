"""What is shown of attendance. Invariant: reads change nothing."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository
from services.activities.attendance.domain import RULES
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
        opens_at=shift.starts_at - RULES.opens,
        free_places=shift.capacity - shift.taken,
        sign_up_id=own.sign_up_id if own else None,
        state=own.state if own else None,
        checked_in_at=own.checked_in_at if own else None,
        checked_out_at=own.checked_out_at if own else None,
    )
