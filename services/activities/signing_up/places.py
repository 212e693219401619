"""What becomes of places: those who leave, and those who wait and are offered what is free.

Invariant: the caller has locked the shift's row and gives the shift as it stands; who leaves, who is offered the place,
the shift's counts and all events of it are one transaction. After it, whoever waits behind a free place cannot have it
now. That somebody serves elsewhere, or lacks a qualification, is asked under the locks of those people, which come
after the shift's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import lacking
from services.activities.signing_up import repository
from services.activities.signing_up.domain import HOLDING, Shift, SignUpState
from services.activities.signing_up.repository import SignUp
from services.activities.signing_up.waiting_list import WaitingOne, next_to_offer, offer_ends, parties_of
from shared.contracts import AbsenceClass, SignUpOffered, SignUpWithdrawn, VolunteerTakenOff, WithdrawalReason
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work import queue as work
from shared.work.kind import NewWork

SETTLE = "settle_places"
"""The kind of work that ends what was not answered in time, and offers what is free (``settling``)."""
LAPSED = frozenset({WithdrawalReason.OFFER_EXPIRED, WithdrawalReason.NOT_AGREED})
"""Nobody has answered in time."""
_CONSIDERED = 100
"""So many more than there are free places are looked at together."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A sign-up that comes to its end, as it stands before."""

    sign_up_id: UUID
    volunteer_id: UUID
    state: SignUpState
    version: int
    reason: WithdrawalReason = WithdrawalReason.GIVEN_UP
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class TakenOff:
    """Why somebody leaves a shift where that was not for them to say."""

    reason: str = ""
    """As it was worded for them."""
    lacking: Sequence[str] = ()
    """The qualifications that they hold no more."""
    guardian_took_back: bool = False
    """They are under 18, and their guardian does not agree any more."""


async def lock_own(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> tuple[Shift, SignUp]:
    """Lock a shift and then the actor's own sign-up for it. Raises RefusedError ``not_found``."""
    district = actor.district
    shift_id = await repository.shift_of(tx, district, sign_up_id)
    if shift_id is None:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    shift = await repository.lock_shift(tx, district, shift_id)
    sign_up = await repository.lock_sign_up(tx, district, sign_up_id)
    if shift is None or sign_up is None or sign_up.volunteer_id != actor.volunteer_id:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    return shift, sign_up


async def leave(
    tx: AsyncConnection,
    district: str,
    shift: Shift,
    leaving: Sequence[Leaving],
    by: str,
    *,
    taken_off: TakenOff | None = None,
) -> None:
    """Let people leave a locked shift that takes place, and offer their places to the next; ``by`` caused it.

    ``taken_off`` is why, where that was not for them to say.
    """
    state = SignUpState.CANCELLED if taken_off else SignUpState.WITHDRAWN
    for lapsed, late in sorted({(one.reason in LAPSED, one.is_late) for one in leaving}):
        ids = [one.sign_up_id for one in leaving if (one.reason in LAPSED, one.is_late) == (lapsed, late)]
        absence = AbsenceClass.LATE_WITHDRAWAL if late else None
        await repository.set_states(tx, district, ids, state, absence=absence, lapsed=lapsed)
    freed = sum(one.state in HOLDING for one in leaving)
    left = replace(shift, taken=shift.taken - freed, waiting=shift.waiting - len(leaving) + freed)
    offered = await offer_places(tx, district, left, by)
    stays_free = offer_ends(now(), shift.starts_at, shift.rules) is None
    events = [
        NewEvent(
            district,
            one.sign_up_id,
            one.version + 1,
            _taken_off(shift, one, taken_off) if taken_off else _left(shift, one, stays_free),
            by,
        )
        for one in leaving
    ]
    await repository.count_places(
        tx, district, shift.id, taken=len(offered) - freed, waiting=left.waiting - shift.waiting - len(offered)
    )
    await event_log.append(tx, [*events, *offered])
    await settle_where_awaited(tx, district, shift, [one.volunteer_id for one in leaving])


async def offer_places(tx: AsyncConnection, district: str, shift: Shift, by: str) -> list[NewEvent]:
    """Offer a locked shift's free places to those who wait, in order; return the events, one for each place.

    The caller counts as many more as taken and fewer as waiting, and appends the events.
    """
    until = offer_ends(now(), shift.starts_at, shift.rules)
    if until is None or shift.is_cancelled:
        return []
    chosen = await _choose(tx, district, shift)
    if chosen:
        ids = [one.sign_up_id for one in chosen]
        await repository.set_states(tx, district, ids, SignUpState.OFFERED, answer_by=until)
        await settle_later(tx, district, shift.id, until)
    return [NewEvent(district, one.sign_up_id, one.version + 1, _offered(shift, one, until), by) for one in chosen]


async def settle_later(tx: AsyncConnection, district: str, shift_id: UUID, due_at: datetime) -> None:
    """Have what is unanswered and who waits for a shift looked after at a moment; once, however often it is said."""
    item_id = uuid5(shift_id, due_at.isoformat())
    await work.schedule(
        tx, [NewWork(district=district, kind=SETTLE, payload={"shift_id": str(shift_id)}, due_at=due_at, id=item_id)]
    )


async def settle_where_awaited(tx: AsyncConnection, district: str, shift: Shift, volunteers: Sequence[UUID]) -> None:
    """Have other shifts looked after that have a place free for these people, who have the time of this one again."""
    for shift_id in await repository.waited_for(tx, district, shift, volunteers):
        await settle_later(tx, district, shift_id, now())


async def _choose(tx: AsyncConnection, district: str, shift: Shift) -> list[WaitingOne]:
    chosen: list[WaitingOne] = []
    free, after = shift.capacity - shift.taken, 0
    while free > len(chosen) and shift.waiting:
        limit = free + _CONSIDERED
        queue = await repository.queue(tx, district, shift.id, after, limit)
        is_all = len(queue) < limit
        looked_at = queue if is_all else _whole_parties(queue)
        people = [one.volunteer_id for one in looked_at]
        await repository.lock_volunteers(tx, district, people)
        elsewhere = await repository.held_elsewhere(tx, district, shift, people)
        unqualified = await lacking(tx, district, shift.needs, people)
        chosen += next_to_offer(looked_at, free - len(chosen), elsewhere.keys() | unqualified.keys())
        if is_all:
            break
        after = looked_at[-1].queue_number
    return chosen


def _whole_parties(queue: Sequence[WaitingOne]) -> list[WaitingOne]:
    """Leave out the last party, of whom there may be more."""
    return [one for party in [*parties_of(queue)][:-1] for one in party]


def _left(shift: Shift, one: Leaving, stays_free: bool) -> SignUpWithdrawn:
    return SignUpWithdrawn(
        sign_up_id=one.sign_up_id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        volunteer_id=one.volunteer_id,
        reason=one.reason,
        is_late=one.is_late,
        place_stays_free=stays_free and one.state in HOLDING,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        organiser_id=shift.organiser_id,
    )


def _taken_off(shift: Shift, one: Leaving, why: TakenOff) -> VolunteerTakenOff:
    return VolunteerTakenOff(
        sign_up_id=one.sign_up_id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=one.volunteer_id,
        reason=why.reason,
        lacking=tuple(why.lacking),
        guardian_took_back=why.guardian_took_back,
    )


def _offered(shift: Shift, one: WaitingOne, until: datetime) -> SignUpOffered:
    return SignUpOffered(
        sign_up_id=one.sign_up_id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        place=shift.place,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        volunteer_id=one.volunteer_id,
        accept_by=until,
    )
