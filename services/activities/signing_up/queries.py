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


class ShiftSignUp(BaseModel):
    """A sign-up as a leader sees it: the volunteer's id and number, no name."""

    id: UUID
    volunteer_id: UUID
    volunteer_no: str
    state: SignUpState
    queue_number: int
    checked_in_at: datetime | None


_WHOSE_SHIFT = text("""
    SELECT a.station_id, a.published_by
    FROM shift s JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE s.district = :district AND s.id = :shift_id
""")
_SHIFT_SIGN_UPS = text("""
    SELECT u.id, u.volunteer_id, v.number AS volunteer_no, u.state, u.queue_number, u.checked_in_at
    FROM sign_up u JOIN known_volunteer v ON v.district = u.district AND v.id = u.volunteer_id
    WHERE u.district = :district AND u.shift_id = :shift_id AND u.queue_number > :after
    ORDER BY u.queue_number LIMIT :limit
""")


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
