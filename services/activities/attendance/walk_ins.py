"""Who comes without a place takes part where one is left.

Invariant: the shift and then the volunteer are locked before it is decided, as for every sign-up, so capacity is exact
and nobody takes up two things at one time; the sign-up and the check-in are one transaction.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository
from services.activities.attendance.commands import CheckedIn, check_in
from services.activities.attendance.domain import Attendance, check_hours
from services.activities.register import repository as register
from services.activities.signing_up import repository as sign_ups
from services.activities.signing_up.domain import GroupDecision, SignUpState, barred_from, rules_to_accept, unqualified
from services.activities.signing_up.repository import LockedShift, NewSignUp
from shared.contracts import CheckInWay, SignUpAgreed, SignUpPromoted, VolunteerSignedUp
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

ASKED = (SignUpState.WAITING, SignUpState.OFFERED, SignUpState.ASKED_AGAIN)
"""Who comes has answered."""


async def admit_walk_in(tx: AsyncConnection, actor: Actor, shift_id: UUID, volunteer_number: str) -> CheckedIn:
    """Check in a volunteer of the district by number; one who has no confirmed place gets one first.

    Whoever waits for a place, or has not answered yet, has come and so takes it. Raises RefusedError ``not_found``,
    ``unknown_reference``, ``no_place``, ``overlap`` with what is ``other``, ``qualification`` where they lack one,
    ``rules_to_accept`` where they have to accept rules first, ``not_open`` where the shift is cancelled, ``too_early``
    or ``too_late``, or as checking in does.
    """
    district = actor.district
    attended = await repository.read_shift(tx, district, shift_id)
    if attended is None or not actor.reaches(unit=attended.station_id, made_by=attended.published_by):
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    volunteer_id = await register.present_volunteer(tx, district, volunteer_number)
    if volunteer_id is None:
        raise RefusedError(Fault("volunteer_number", Code.UNKNOWN_REFERENCE))
    locked = await sign_ups.lock_for(tx, district, shift_id, [volunteer_id])
    found = await repository.lock_of_volunteer(tx, district, shift_id, volunteer_id)
    if locked and (found is None or found.state in ASKED):
        if barred := barred_from(locked.shift, locked.people):
            raise RefusedError(Fault("volunteer_number", barred[volunteer_id]))
        await _give_place(tx, actor, locked, volunteer_id, found)
        found = await repository.lock_of_volunteer(tx, district, shift_id, volunteer_id)
    assert found is not None  # noqa: S101 - shifts are never deleted, and it was just put on file
    return await check_in(tx, actor, found, CheckInWay.LEADER)


async def _give_place(
    tx: AsyncConnection, actor: Actor, locked: LockedShift, volunteer_id: UUID, found: Attendance | None
) -> None:
    """Give a place of a locked shift to somebody who has come; to wait elsewhere keeps nobody from where they are."""
    shift = locked.shift
    if shift.is_cancelled:
        raise RefusedError(Fault("shift_id", Code.NOT_OPEN))
    check_hours(shift.starts_at, shift.ends_at, now(), shift.rules)
    if (found is None or found.state is SignUpState.WAITING) and shift.taken >= shift.capacity:
        raise RefusedError(Fault("shift_id", Code.NO_PLACE))
    elsewhere = await sign_ups.held_elsewhere(tx, actor.district, shift, [volunteer_id])
    if other := elsewhere.get(volunteer_id):
        raise RefusedError(Fault("volunteer_number", Code.OVERLAP, other.named()))
    if lacked := locked.lacking.get(volunteer_id):
        raise RefusedError(unqualified("volunteer_number", lacked))
    if titles := locked.unaccepted.get(volunteer_id):
        raise RefusedError(rules_to_accept("volunteer_number", titles))
    sign_up_id = found.sign_up_id if found else new_id()
    if found:
        await sign_ups.set_states(tx, actor.district, [sign_up_id], SignUpState.CONFIRMED)
        if found.state is SignUpState.WAITING:
            await sign_ups.count_places(tx, actor.district, shift.id, taken=1, waiting=-1)
    else:
        new = NewSignUp(sign_up_id, volunteer_id, SignUpState.CONFIRMED, shift.next_queue_number, None)
        decision = GroupDecision([], shift.taken + 1, shift.waiting, shift.next_queue_number + 1)
        await sign_ups.add_sign_ups(tx, actor.district, shift, decision, [new])
    event = _told(found)(
        sign_up_id=sign_up_id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        place=shift.place,
        volunteer_id=volunteer_id,
    )
    version = found.version + 1 if found else 1
    await event_log.append(tx, [NewEvent(actor.district, sign_up_id, version, event, actor.name)])


def _told(found: Attendance | None) -> type[VolunteerSignedUp] | type[SignUpPromoted] | type[SignUpAgreed]:
    """Return the event by which somebody has a place now."""
    if found is None:
        return VolunteerSignedUp
    return SignUpAgreed if found.state is SignUpState.ASKED_AGAIN else SignUpPromoted
