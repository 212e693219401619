"""Who comes without having signed up takes part where places are left.

Invariant: the place is taken by the statement that finds it free, so capacity is exact; the sign-up and the check-in
are one transaction.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository
from services.activities.attendance.commands import CheckedIn, check_in
from services.activities.attendance.domain import check_hours
from services.activities.attendance.repository import ShiftAttended
from services.activities.register import repository as register
from shared.contracts import CheckInWay, VolunteerSignedUp
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now


async def admit_walk_in(tx: AsyncConnection, actor: Actor, shift_id: UUID, volunteer_number: str) -> CheckedIn:
    """Check in a volunteer of the district by number; one who has not signed up gets a place first.

    Raises RefusedError ``not_found``, ``unknown_reference``, ``no_place``, ``too_early`` or ``too_late``, or as
    checking in does.
    """
    district = actor.district
    shift = await repository.lock_shift(tx, district, shift_id)
    if shift is None or not actor.reaches(unit=shift.station_id, made_by=shift.published_by):
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    volunteers = await register.volunteers_by_number(tx, district, [volunteer_number])
    volunteer_id = volunteers.get(volunteer_number)
    if volunteer_id is None:
        raise RefusedError(Fault("volunteer_number", Code.UNKNOWN_REFERENCE))
    found = await repository.lock_of_volunteer(tx, district, shift_id, volunteer_id)
    if found is None:
        check_hours(shift.starts_at, shift.ends_at, now())
        await _sign_up(tx, actor, shift, volunteer_id)
        found = await repository.lock_of_volunteer(tx, district, shift_id, volunteer_id)
        assert found is not None  # noqa: S101 - just put on file
    return await check_in(tx, actor, found, CheckInWay.LEADER)


async def _sign_up(tx: AsyncConnection, actor: Actor, shift: ShiftAttended, volunteer_id: UUID) -> None:
    queue_number = await repository.take_place(tx, actor.district, shift.id)
    if queue_number is None:
        raise RefusedError(Fault("shift_id", Code.NO_PLACE))
    sign_up_id = new_id()
    await repository.add_walk_in(tx, actor.district, sign_up_id, shift.id, volunteer_id, queue_number)
    event = VolunteerSignedUp(
        sign_up_id=sign_up_id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=volunteer_id,
    )
    await event_log.append(tx, [NewEvent(actor.district, sign_up_id, 1, event, actor.name)])
