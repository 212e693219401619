"""Cancelling a shift or an activity.

Invariant: everybody who held, waited for or had begun a place on it is told by an event of their own, is free at that
time again, and earns no hours by it. What has begun is not cancelled: it is closed.
"""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.changes import repository
from services.activities.changes.domain import check_to_come
from services.activities.changes.editors import Editor, lock_for_editing, lock_shift_for_editing
from services.activities.changes.repository import OpenSignUp
from services.activities.publishing import repository as publishing
from services.activities.publishing.domain import public_wording, text_fault
from services.activities.signing_up import repository as sign_ups
from services.activities.signing_up.domain import Shift, SignUpState
from services.activities.signing_up.places import settle_where_awaited
from shared.contracts import ActivityCancelled, CancellationCause, ShiftCancelled, SignUpCancelled
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now

_LONGEST_REASON = 200


async def cancel_shift(tx: AsyncConnection, actor: Actor, shift_id: UUID, reason: str) -> None:
    """Cancel a shift that has not begun. Doing it again changes nothing.

    Raises RefusedError ``not_found``, ``too_late``, or ``missing`` without a reason.
    """
    wording = _reason(reason)
    editor, shift = await lock_shift_for_editing(tx, actor, shift_id, None)
    if shift.is_cancelled:
        return
    check_to_come(shift, now())
    editor.announce(
        ShiftCancelled(
            activity_id=shift.activity_id,
            shift_id=shift.id,
            activity_title=shift.activity_title,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            reason=wording,
            organiser_id=shift.organiser_id,
        )
    )
    await _cancel(tx, editor, [shift], CancellationCause.SHIFT_CANCELLED, wording)
    await editor.save(tx)


async def cancel_activity(tx: AsyncConnection, actor: Actor, activity_id: UUID, reason: str) -> None:
    """Cancel an activity with all its shifts that have not begun. Doing it again changes nothing.

    Raises RefusedError ``not_found``, ``too_late`` where every shift has begun, or ``missing`` without a reason.
    """
    wording, at = _reason(reason), now()
    try:
        editor = await lock_for_editing(tx, actor, activity_id, None)
    except RefusedError as refused:
        if refused.faults[0].code is Code.NOT_OPEN:
            return
        raise
    ids = await repository.lock_shifts_to_come(tx, actor.district, activity_id, at)
    if not ids:
        raise RefusedError(Fault("activity_id", Code.TOO_LATE))
    shifts = [await sign_ups.read_shift(tx, actor.district, shift_id) for shift_id in ids]
    editor.announce(
        ActivityCancelled(
            activity_id=activity_id,
            activity_title=editor.activity.draft.title,
            reason=wording,
            shift_ids=tuple(ids),
            organiser_id=editor.activity.organiser_id,
        )
    )
    await _cancel(tx, editor, shifts, CancellationCause.ACTIVITY_CANCELLED, wording)
    await publishing.cancel(tx, actor.district, activity_id, at, wording)
    await editor.save(tx)


def _reason(reason: str) -> str:
    """Return a reason as everybody may read it. Raises RefusedError where it says nothing."""
    if fault := text_fault("reason", reason, _LONGEST_REASON):
        raise RefusedError(fault)
    return public_wording(reason)


async def _cancel(
    tx: AsyncConnection, editor: Editor, shifts: Sequence[Shift], cause: CancellationCause, reason: str
) -> None:
    ids = [shift.id for shift in shifts]
    found: dict[UUID, list[OpenSignUp]] = defaultdict(list)
    for one in await repository.open_sign_ups(tx, editor.district, ids):
        found[one.shift_id].append(one)
    everybody = [one.id for of_shift in found.values() for one in of_shift]
    await sign_ups.set_states(tx, editor.district, everybody, SignUpState.CANCELLED)
    await repository.cancel_shifts(tx, editor.district, ids, now(), reason)
    for shift in shifts:
        editor.events += [
            editor.of_sign_up(one.id, one.version, _cancelled(shift, one, cause, reason)) for one in found[shift.id]
        ]
        if found[shift.id]:
            await settle_where_awaited(tx, editor.district, shift, [one.volunteer_id for one in found[shift.id]])


def _cancelled(shift: Shift, one: OpenSignUp, cause: CancellationCause, reason: str) -> SignUpCancelled:
    return SignUpCancelled(
        sign_up_id=one.id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=one.volunteer_id,
        cause=cause,
        reason=reason,
    )
