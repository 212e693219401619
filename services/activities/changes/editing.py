"""Changing what is published: its text, a shift's times and places, one shift more.

Invariant: the activity's row is locked before anything is looked at, and its version is the one the editor has seen, so
a second editor is told (``changed_meanwhile``) instead of overwriting. Whoever holds a place on a shift that moves is
asked again, and keeps the place until they have answered or the time is over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.changes import repository
from services.activities.changes.domain import ShiftChange, changed_shift, check_capacity
from services.activities.changes.editors import Editor, lock_for_editing, lock_shift_for_editing
from services.activities.changes.repository import OpenSignUp
from services.activities.publishing import repository as publishing
from services.activities.publishing.domain import ActivityDraft, ShiftDraft, public_wording, shift_faults, text_faults
from services.activities.signing_up import repository as sign_ups
from services.activities.signing_up.domain import HOLDING, Shift, SignUpState
from services.activities.signing_up.places import offer_places, settle_later, settle_where_awaited
from services.activities.signing_up.waiting_list import agreement_ends
from shared.contracts import (
    ActivityChanged,
    CancellationCause,
    PublishedShift,
    ShiftAdded,
    ShiftCapacityChanged,
    ShiftMoved,
    SignUpAskedAgain,
    SignUpCancelled,
)
from shared.contracts.activity_changes import MOST_NAMED
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import new_id, now


class Changed(BaseModel):
    """What was changed, and the version that its activity has now."""

    id: UUID
    version: int


async def edit_activity(
    tx: AsyncConnection, actor: Actor, activity_id: UUID, version: int, texts: Mapping[str, str]
) -> Changed:
    """Change the text of an activity; those who hold or wait for a place are named in the event.

    Raises RefusedError ``not_found``, ``not_open``, ``changed_meanwhile``, or with every fault of the text.
    """
    editor = await lock_for_editing(tx, actor, activity_id, version)
    before = editor.activity.draft
    draft = ActivityDraft(**{name: texts.get(name, getattr(before, name)) for name in ActivityDraft.__match_args__})
    if faults := [*text_faults(draft)]:
        raise RefusedError(*faults)
    changed = tuple(name for name in texts if getattr(before, name) != getattr(draft, name))
    if not changed:
        return Changed(id=activity_id, version=version)
    concerned = await repository.concerned(tx, actor.district, activity_id, now())
    for named in _in_batches(concerned):
        editor.announce(
            ActivityChanged(
                activity_id=activity_id,
                title=draft.title,
                service=draft.service,
                station_id=editor.activity.station_id,
                place=draft.place,
                person_in_charge=public_wording(draft.person_in_charge),
                risk_text=draft.risk_text,
                description=draft.description,
                changed=changed,
                volunteer_ids=tuple(named),
            )
        )
    await publishing.change_text(tx, actor.district, activity_id, draft, editor.version)
    await event_log.append(tx, editor.events)
    return Changed(id=activity_id, version=editor.version)


async def add_shift(tx: AsyncConnection, actor: Actor, activity_id: UUID, shift: ShiftDraft) -> Changed:
    """Add a shift to an activity, open at once. Raises RefusedError as publishing does, or as ``edit_activity``."""
    editor = await lock_for_editing(tx, actor, activity_id, None)
    if faults := [*shift_faults(shift, now())]:
        raise RefusedError(*faults)
    added = PublishedShift(
        shift_id=new_id(), starts_at=shift.starts_at, ends_at=shift.ends_at, capacity=shift.capacity or 0
    )
    await publishing.insert_shifts(tx, actor.district, activity_id, [added])
    editor.announce(ShiftAdded(activity_id=activity_id, activity_title=editor.activity.draft.title, shift=added))
    await editor.save(tx)
    return Changed(id=added.shift_id, version=editor.version)


async def change_shift(tx: AsyncConnection, actor: Actor, shift_id: UUID, version: int, change: ShiftChange) -> Changed:
    """Move a shift, or give it more or fewer places.

    Places more are offered to those who wait. Raises RefusedError ``below_confirmed`` where fewer places are left than
    are held, ``unknown_reference`` where somebody is to leave who is not on the shift, ``too_late`` where it has begun,
    or as ``edit_activity``.
    """
    editor, before = await lock_shift_for_editing(tx, actor, shift_id, version)
    after = changed_shift(before, change, now())
    open_sign_ups = await repository.open_sign_ups(tx, actor.district, [shift_id])
    leaving = _leaving(open_sign_ups, change)
    freed = sum(one.state in HOLDING for one in leaving)
    after = replace(after, taken=after.taken - freed, waiting=after.waiting - len(leaving) + freed)
    check_capacity(after)
    staying = [one for one in open_sign_ups if one not in leaving]

    await _take_away(tx, editor, before, leaving)
    if (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at):
        await _move(tx, editor, before, after, staying)
    if before.capacity != after.capacity:
        editor.announce(_capacity_changed(before, after))
    offered = await offer_places(tx, actor.district, after, actor.name)
    editor.events += offered
    after = replace(after, taken=after.taken + len(offered), waiting=after.waiting - len(offered))
    await repository.change_shift(tx, actor.district, after)
    await editor.save(tx)
    await settle_where_awaited(tx, actor.district, before, [one.volunteer_id for one in open_sign_ups])
    return Changed(id=shift_id, version=editor.version)


def _leaving(open_sign_ups: Sequence[OpenSignUp], change: ShiftChange) -> list[OpenSignUp]:
    leaving = [one for one in open_sign_ups if one.id in change.leaving and one.state is not SignUpState.ATTENDING]
    if len(leaving) != len(set(change.leaving)):
        raise RefusedError(Fault("leaving", Code.UNKNOWN_REFERENCE))
    return leaving


async def _take_away(tx: AsyncConnection, editor: Editor, shift: Shift, leaving: Sequence[OpenSignUp]) -> None:
    if not leaving:
        return
    await sign_ups.set_states(tx, editor.district, [one.id for one in leaving], SignUpState.CANCELLED)
    editor.events += [editor.of_sign_up(one.id, one.version, _taken_away(shift, one)) for one in leaving]


async def _move(
    tx: AsyncConnection, editor: Editor, before: Shift, after: Shift, staying: Sequence[OpenSignUp]
) -> None:
    answer_by = agreement_ends(now(), after.starts_at, after.rules)
    asked = [one for one in staying if one.state in HOLDING]
    waiting = [one.volunteer_id for one in staying if one.state is SignUpState.WAITING]
    for named in _in_batches(waiting):
        editor.announce(_moved(before, after, named))
    if asked:
        ids = [one.id for one in asked]
        await sign_ups.set_states(tx, editor.district, ids, SignUpState.ASKED_AGAIN, answer_by=answer_by)
        await settle_later(tx, editor.district, after.id, answer_by)
    editor.events += [editor.of_sign_up(one.id, one.version, _asked(before, after, one, answer_by)) for one in asked]


def _in_batches(people: Sequence[UUID]) -> list[Sequence[UUID]]:
    """Split those whom an event names; there is one event where nobody is to be named."""
    return [people[first : first + MOST_NAMED] for first in range(0, len(people) or 1, MOST_NAMED)]


def _taken_away(shift: Shift, one: OpenSignUp) -> SignUpCancelled:
    return SignUpCancelled(
        sign_up_id=one.id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=one.volunteer_id,
        cause=CancellationCause.FEWER_PLACES,
        reason="",
    )


def _moved(before: Shift, after: Shift, waiting: Sequence[UUID]) -> ShiftMoved:
    return ShiftMoved(
        activity_id=after.activity_id,
        shift_id=after.id,
        activity_title=after.activity_title,
        place=after.place,
        from_starts_at=before.starts_at,
        from_ends_at=before.ends_at,
        starts_at=after.starts_at,
        ends_at=after.ends_at,
        waiting_ids=tuple(waiting),
    )


def _asked(before: Shift, after: Shift, one: OpenSignUp, answer_by: datetime) -> SignUpAskedAgain:
    return SignUpAskedAgain(
        sign_up_id=one.id,
        shift_id=after.id,
        activity_id=after.activity_id,
        activity_title=after.activity_title,
        place=after.place,
        from_starts_at=before.starts_at,
        from_ends_at=before.ends_at,
        starts_at=after.starts_at,
        ends_at=after.ends_at,
        volunteer_id=one.volunteer_id,
        answer_by=answer_by,
    )


def _capacity_changed(before: Shift, after: Shift) -> ShiftCapacityChanged:
    return ShiftCapacityChanged(
        activity_id=after.activity_id,
        shift_id=after.id,
        activity_title=after.activity_title,
        from_capacity=before.capacity,
        capacity=after.capacity,
    )
