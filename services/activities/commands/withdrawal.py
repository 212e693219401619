"""Giving a place back.

Invariant: the place goes to the first who waits in the same transaction, under the shift's row lock.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.domain.sign_up import Shift, SignUpState
from services.activities.repository import sign_ups
from services.activities.repository.sign_ups import Promoted, SignUp
from shared.contracts import SignUpPromoted, SignUpWithdrawn
from shared.contracts.faults import Fault, RefusedError
from shared.http.auth import Caller
from shared.store import event_log
from shared.store.engine import Store
from shared.store.event_log import NewEvent, now


async def withdraw_sign_up(store: Store, caller: Caller, sign_up_id: UUID) -> None:
    """Withdraw one's own sign-up until the shift starts (Decree 685, art. 22). Doing it again changes nothing.

    Raises RefusedError ``not_found``, ``too_late`` or ``not_open``.
    """
    district = caller.district
    async with store.transaction(district) as tx:
        shift_id = await sign_ups.shift_of(tx, district, sign_up_id)
        shift = shift_id and await sign_ups.lock_shift(tx, district, shift_id)
        sign_up = await sign_ups.lock_sign_up(tx, district, sign_up_id)
        if not shift or sign_up is None or sign_up.volunteer_id != caller.volunteer_id:
            raise RefusedError(Fault("sign_up_id", "not_found"))
        if sign_up.state is SignUpState.WITHDRAWN:
            return
        if sign_up.state not in (SignUpState.CONFIRMED, SignUpState.WAITING):
            raise RefusedError(Fault("sign_up_id", "not_open"))
        if shift.starts_at <= now():
            raise RefusedError(Fault("sign_up_id", "too_late"))
        await _withdraw(tx, caller, shift, sign_up)


async def _withdraw(tx: AsyncConnection, caller: Caller, shift: Shift, sign_up: SignUp) -> None:
    district = caller.district
    await sign_ups.set_state(tx, district, sign_up.id, SignUpState.WITHDRAWN)
    events = [NewEvent(district, sign_up.id, sign_up.version + 1, _withdrawn(shift, sign_up), caller.name)]
    if sign_up.state is SignUpState.WAITING:
        await sign_ups.count_places(tx, district, shift.id, waiting=-1)
    elif promoted := await sign_ups.promote_first(tx, district, shift.id):
        await sign_ups.count_places(tx, district, shift.id, waiting=-1)
        events.append(NewEvent(district, promoted.id, promoted.version, _promoted(shift, promoted), caller.name))
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
