"""Giving a place back, leaving the waiting list, declining what is offered; being taken off by who staffs it.

Invariant: the place is offered to the next who waits in the same transaction, under the shift's row lock.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.publishing.domain import public_wording, text_fault
from services.activities.signing_up import repository
from services.activities.signing_up.domain import HOLDING, SignUpState
from services.activities.signing_up.places import Leaving, TakenOff, leave, lock_own
from services.activities.signing_up.waiting_list import is_late
from shared.contracts import WithdrawalReason
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now

_LONGEST_REASON = 200


async def withdraw_sign_up(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> None:
    """Withdraw one's own sign-up until the shift starts (Decree 685, art. 22). Doing it again changes nothing.

    Late is who gives a confirmed place back within the period of notice. Raises RefusedError ``not_found``,
    ``too_late`` or ``not_open``.
    """
    shift, sign_up = await lock_own(tx, actor, sign_up_id)
    if sign_up.state is SignUpState.WITHDRAWN:
        return
    if sign_up.state not in (*HOLDING, SignUpState.WAITING):
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    at = now()
    if shift.starts_at <= at:
        raise RefusedError(Fault("sign_up_id", Code.TOO_LATE))
    offered = sign_up.state is SignUpState.OFFERED
    leaving = Leaving(
        sign_up.id,
        sign_up.volunteer_id,
        sign_up.state,
        sign_up.version,
        WithdrawalReason.OFFER_DECLINED if offered else WithdrawalReason.GIVEN_UP,
        is_late=sign_up.state is SignUpState.CONFIRMED and is_late(at, shift.starts_at, shift.rules),
    )
    await leave(tx, actor.district, shift, [leaving], actor.name)


async def take_off(tx: AsyncConnection, actor: Actor, sign_up_id: UUID, reason: str) -> None:
    """Take somebody off a shift that has not begun, or off its waiting list; they are told why, and it is no absence.

    Doing it again changes nothing. Raises RefusedError ``not_found`` where the actor does not staff the activity,
    ``too_late``, ``not_open``, or ``missing`` without a reason.
    """
    if fault := text_fault("reason", reason, _LONGEST_REASON):
        raise RefusedError(fault)
    shift_id = await repository.shift_of(tx, actor.district, sign_up_id)
    shift = await repository.lock_shift(tx, actor.district, shift_id) if shift_id else None
    sign_up = await repository.lock_sign_up(tx, actor.district, sign_up_id)
    if shift is None or sign_up is None or not actor.reaches(unit=sign_up.station_id, made_by=sign_up.published_by):
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    if sign_up.state is SignUpState.CANCELLED:
        return
    if sign_up.state not in (*HOLDING, SignUpState.WAITING):
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    if shift.starts_at <= now():
        raise RefusedError(Fault("sign_up_id", Code.TOO_LATE))
    leaving = Leaving(sign_up.id, sign_up.volunteer_id, sign_up.state, sign_up.version)
    await leave(tx, actor.district, shift, [leaving], actor.name, taken_off=TakenOff(public_wording(reason)))
