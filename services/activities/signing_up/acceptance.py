"""Saying yes: to a place that is offered, or to the new times of a shift that has moved.

Invariant: nobody comes to hold two places at one time by it, or one that they are not qualified for; a group that is
offered its places takes them together.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import lacking
from services.activities.signing_up import repository as sign_ups
from services.activities.signing_up.domain import Shift, SignUpState, unqualified
from services.activities.signing_up.places import lock_own
from services.activities.signing_up.repository import SignUp
from services.activities.signing_up.waiting_list import WaitingOne, offer_ends
from shared.contracts import Event, SignUpAgreed, SignUpPromoted
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, now


class Accepted(BaseModel):
    """The sign-up that is confirmed now."""

    sign_up_id: UUID
    state: SignUpState


async def accept_place(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> Accepted:
    """Accept a place or moved times in time; of a group that was offered its places, one answers for all.

    Whoever waits takes a place that is free so near the start that it is offered to nobody. Doing it again changes
    nothing. Raises RefusedError ``not_found``, ``not_open``, ``too_late``, ``overlap`` naming what else one has, or
    ``qualification`` naming what one lacks.
    """
    shift, sign_up = await lock_own(tx, actor, sign_up_id)
    accepted = Accepted(sign_up_id=sign_up.id, state=SignUpState.CONFIRMED)
    if sign_up.state is SignUpState.CONFIRMED:
        return accepted
    at = now()
    if sign_up.state not in (SignUpState.OFFERED, SignUpState.ASKED_AGAIN, SignUpState.WAITING) or shift.is_cancelled:
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    if at >= (sign_up.answer_by or shift.starts_at):
        raise RefusedError(Fault("sign_up_id", Code.TOO_LATE))
    party = await _party(tx, actor.district, shift, sign_up, at)
    volunteers = [one.volunteer_id for one in party]
    await _check_elsewhere(tx, actor, shift, volunteers)
    if short := await lacking(tx, actor.district, shift.needs, volunteers):
        own = short.get(actor.volunteer_id) if actor.volunteer_id else None
        raise RefusedError(unqualified("sign_up_id", own or shift.needs))
    await sign_ups.set_states(tx, actor.district, [one.sign_up_id for one in party], SignUpState.CONFIRMED)
    if sign_up.state is SignUpState.WAITING:
        await sign_ups.count_places(tx, actor.district, shift.id, taken=len(party), waiting=-len(party))
    event = SignUpAgreed if sign_up.state is SignUpState.ASKED_AGAIN else SignUpPromoted
    await event_log.append(
        tx,
        [
            NewEvent(actor.district, one.sign_up_id, one.version + 1, _confirmed(event, shift, one), actor.name)
            for one in party
        ],
    )
    return accepted


async def _party(
    tx: AsyncConnection, district: str, shift: Shift, sign_up: SignUp, at: datetime
) -> Sequence[WaitingOne]:
    """Return those who are confirmed together: a group that waits or is offered places; each for himself, if asked."""
    one = WaitingOne(sign_up.id, sign_up.volunteer_id, sign_up.group_id, sign_up.version, 0)
    if sign_up.state is SignUpState.ASKED_AGAIN:
        return [one]
    party = [one]
    if sign_up.group_id:
        party = await sign_ups.of_group(tx, district, shift.id, sign_up.group_id, sign_up.state)
    if sign_up.state is SignUpState.WAITING and (
        offer_ends(at, shift.starts_at, shift.rules) is not None or shift.taken + len(party) > shift.capacity
    ):
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    return party


async def _check_elsewhere(tx: AsyncConnection, actor: Actor, shift: Shift, volunteers: Sequence[UUID]) -> None:
    """Refuse where one of them holds a place or serves elsewhere; what, is told of the actor's own alone."""
    await sign_ups.lock_volunteers(tx, actor.district, volunteers)
    held = await sign_ups.held_elsewhere(tx, actor.district, shift, volunteers)
    if held:
        own = held.get(actor.volunteer_id) if actor.volunteer_id else None
        raise RefusedError(Fault("sign_up_id", Code.OVERLAP, own.named() if own else None))


def _confirmed(event: type[SignUpAgreed] | type[SignUpPromoted], shift: Shift, one: WaitingOne) -> Event:
    return event(
        sign_up_id=one.sign_up_id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        place=shift.place,
        volunteer_id=one.volunteer_id,
    )
