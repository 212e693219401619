"""Giving a place back.

Invariant: the place goes to the first who waits in the same transaction, under the shift's row lock.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up import repository as sign_ups
from services.activities.signing_up.domain import Shift, SignUpState
from services.activities.signing_up.repository import Promoted, SignUp
from shared.contracts import SignUpPromoted, SignUpWithdrawn
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, now


async def withdraw_sign_up(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> None:
    """Withdraw one's own sign-up until the shift starts (Decree 685, art. 22). Doing it again changes nothing.

    Raises RefusedError ``not_found``, ``too_late`` or ``not_open``.
    """
    district = actor.district
    shift_id = await sign_ups.shift_of(tx, district, sign_up_id)
    if shift_id is None:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    shift = await sign_ups.lock_shift(tx, district, shift_id)
    sign_up = await sign_ups.lock_sign_up(tx, district, sign_up_id)
    if shift is None or sign_up is None or sign_up.volunteer_id != actor.volunteer_id:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    if sign_up.state is SignUpState.WITHDRAWN:
        return
    if sign_up.state not in (SignUpState.CONFIRMED, SignUpState.WAITING):
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    if shift.starts_at <= now():
        raise RefusedError(Fault("sign_up_id", Code.TOO_LATE))
    await _withdraw(tx, actor, shift, sign_up)


async def _withdraw(tx: AsyncConnection, actor: Actor, shift: Shift, sign_up: SignUp) -> None:
    district = actor.district
    await sign_ups.set_state(tx, district, sign_up.id, SignUpState.WITHDRAWN)
    events = [NewEvent(district, sign_up.id, sign_up.version + 1, _withdrawn(shift, sign_up), actor.name)]
    if sign_up.state is SignUpState.WAITING:
        await sign_ups.count_places(tx, district, shift.id, waiting=-1)
    elif promoted := await sign_ups.promote_first(tx, district, shift.id):
        await sign_ups.count_places(tx, district, shift.id, waiting=-1)
        events.append(NewEvent(district, promoted.id, promoted.version, _promoted(shift, promoted), actor.name))
    else:
        await sign_ups.count_places(tx, district, shift.id, taken=-1)
    await event_log.append(tx, events)


def _withdrawn(shift: Shift, sign_up: SignUp) -> SignUpWithdrawn:
    return SignUpWithdrawn(
        sign_up_id=sign_up.id, shift_id=shift.id, activity_id=shift.activity_id, volunteer_id=sign_up.volunteer_id
    )


def _promoted(shift: Shift, promoted: Promoted) -> SignUpPromoted:
    return SignUpPromoted(
        sign_up_id=promoted.id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=promoted.volunteer_id,
    )
