"""Claiming and answering (MCA Order 67, art. 13: errors and omissions).

Invariant: a claim changes nothing until staff accept it; what is accepted goes into the record, and from there into the
ledger, as any correction does. The volunteer's own words stay here; the events carry dates, times and the answer.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository as attendance
from services.activities.attendance.domain import Span
from services.activities.attendance.outcomes import serving, settle
from services.activities.claims import repository
from services.activities.claims.domain import ClaimState, check_claimable, due_on
from services.activities.claims.repository import Claim
from services.activities.publishing.domain import text_fault
from services.activities.records import repository as records
from services.activities.records.correction import set_right
from services.activities.records.domain import RightTimes, net_minutes
from shared.contracts import AbsenceExcused, ClaimAnswered, ServiceClaimed, ServiceCorrected, ServiceLogged
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

_LONGEST_REASON = 500


class Claimed(BaseModel):
    """A claim that was taken in, and the last day for its answer."""

    claim_id: UUID
    state: ClaimState
    due_on: date


class AnsweredClaim(BaseModel):
    """A claim after its answer; ``minutes`` is what counts now."""

    claim_id: UUID
    state: ClaimState
    minutes: int


class Stated(NamedTuple):
    """When somebody served, as it is said, with the breaks in between."""

    started_at: datetime
    ended_at: datetime
    break_minutes: int


async def claim_attendance(
    tx: AsyncConnection, actor: Actor, sign_up_id: UUID, started_at: datetime, ended_at: datetime, reason: str
) -> Claimed:
    """Claim that one served otherwise than is on file for a shift that is over.

    Raises RefusedError ``not_found``, ``not_open`` where there is nothing to claim or a claim is open, or what is wrong
    with the times or the reason.
    """
    at = now()
    _check(started_at, ended_at, reason, at)
    found = await attendance.lock(tx, actor.district, sign_up_id)
    if found is None or found.volunteer_id != actor.volunteer_id:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    check_claimable(found, at)
    on_file = (await records.lock_records_of(tx, actor.district, [sign_up_id])).get(sign_up_id)
    made = Claim(
        id=new_id(),
        sign_up_id=sign_up_id,
        record_id=on_file.id if on_file else None,
        volunteer_id=found.volunteer_id,
        station_id=found.station_id,
        published_by=found.published_by,
        activity_title=found.activity_title,
        started_at=started_at,
        ended_at=ended_at,
        reason=reason,
        state=ClaimState.OPEN,
        made_at=at,
        due_on=due_on(at),
    )
    return await _take_in(tx, actor, made)


async def claim_record(
    tx: AsyncConnection, actor: Actor, record_id: UUID, started_at: datetime, ended_at: datetime, reason: str
) -> Claimed:
    """Claim that one served otherwise than one of one's records says. Raises RefusedError as ``claim_attendance``."""
    found = await records.lock_record(tx, actor.district, record_id)
    if found is None or found.record.volunteer_id != actor.volunteer_id:
        raise RefusedError(Fault("record_id", Code.NOT_FOUND))
    if found.sign_up_id:
        return await claim_attendance(tx, actor, found.sign_up_id, started_at, ended_at, reason)
    at = now()
    _check(started_at, ended_at, reason, at)
    made = Claim(
        id=new_id(),
        sign_up_id=None,
        record_id=record_id,
        volunteer_id=found.record.volunteer_id,
        station_id=found.record.station_id,
        published_by="",
        activity_title=found.record.activity,
        started_at=started_at,
        ended_at=ended_at,
        reason=reason,
        state=ClaimState.OPEN,
        made_at=at,
        due_on=due_on(at),
    )
    return await _take_in(tx, actor, made)


async def answer_claim(
    tx: AsyncConnection, actor: Actor, claim_id: UUID, reason: str, *, accepted: bool, stated: Stated | None
) -> AnsweredClaim:
    """Answer a claim; accepted, the record says what was claimed, or what the leader states in its place.

    Raises RefusedError ``not_found``, ``not_open`` where it is answered, or as a correction does.
    """
    if fault := text_fault("reason", reason, _LONGEST_REASON):
        raise RefusedError(fault)
    found = await repository.lock_claim(tx, actor.district, claim_id)
    if found is None or not actor.reaches(unit=found.station_id, made_by=found.published_by):
        raise RefusedError(Fault("claim_id", Code.NOT_FOUND))
    if found.state is not ClaimState.OPEN:
        raise RefusedError(Fault("claim_id", Code.NOT_OPEN))
    state, at = ClaimState.ACCEPTED if accepted else ClaimState.REFUSED, now()
    events: list[NewEvent] = []
    if accepted:
        events = await _set_right(tx, actor, found, stated or Stated(found.started_at, found.ended_at, 0), reason, at)
    await repository.answer(tx, actor.district, claim_id, state, at, reason)
    minutes = await _minutes(tx, actor.district, found)
    events = [_of_claim(event, claim_id) for event in events]
    told = ClaimAnswered(
        claim_id=claim_id,
        sign_up_id=found.sign_up_id,
        record_id=found.record_id,
        volunteer_id=found.volunteer_id,
        activity_title=found.activity_title,
        accepted=accepted,
        minutes=minutes,
        reason=reason,
        excused=any(isinstance(event.data, AbsenceExcused) for event in events),
    )
    await event_log.append(tx, [*events, NewEvent(actor.district, claim_id, 2, told, actor.name, at)])
    return AnsweredClaim(claim_id=claim_id, state=state, minutes=minutes)


def _check(started_at: datetime, ended_at: datetime, reason: str, at: datetime) -> None:
    net_minutes(started_at, ended_at, 0, now=at)
    if fault := text_fault("reason", reason, _LONGEST_REASON):
        raise RefusedError(fault)


async def _take_in(tx: AsyncConnection, actor: Actor, made: Claim) -> Claimed:
    """Put a claim on file; the attendance or the record is locked."""
    if present := await repository.open_claim(tx, actor.district, made.sign_up_id, made.record_id):
        claim_id, due = present
        raise RefusedError(Fault("claim_id", Code.NOT_OPEN), claim_id=str(claim_id), due_on=due.isoformat())
    await repository.insert_claim(tx, actor.district, made)
    event = ServiceClaimed(
        claim_id=made.id,
        sign_up_id=made.sign_up_id,
        record_id=made.record_id,
        volunteer_id=made.volunteer_id,
        station_id=made.station_id,
        activity_title=made.activity_title,
        started_at=made.started_at,
        ended_at=made.ended_at,
        due_on=made.due_on,
    )
    await event_log.append(tx, [NewEvent(actor.district, made.id, 1, event, actor.name, made.made_at)])
    return Claimed(claim_id=made.id, state=made.state, due_on=made.due_on)


async def _set_right(
    tx: AsyncConnection, actor: Actor, found: Claim, stated: Stated, reason: str, at: datetime
) -> list[NewEvent]:
    """Let the attendance or the imported record say what is stated; return the events."""
    if found.sign_up_id:
        span = Span(stated.started_at, stated.ended_at, net_minutes(*stated, now=at))
        attended = await attendance.lock(tx, actor.district, found.sign_up_id)
        assert attended is not None  # noqa: S101 - sign-ups are never deleted
        return await settle(tx, actor, [serving(attended, span, reason)], at)
    assert found.record_id is not None  # noqa: S101 - the table's own condition
    record = await records.lock_record(tx, actor.district, found.record_id)
    assert record is not None  # noqa: S101 - records are never deleted
    _, event = await set_right(tx, actor, record, RightTimes(*stated), reason)
    return [event]


def _of_claim(event: NewEvent, claim_id: UUID) -> NewEvent:
    """Return an event with the claim that caused it, where it would else be told for itself."""
    if not isinstance(event.data, AbsenceExcused | ServiceLogged | ServiceCorrected):
        return event
    return replace(event, data=event.data.model_copy(update={"claim_id": claim_id}))


async def _minutes(tx: AsyncConnection, district: str, found: Claim) -> int:
    """Return what counts now of what a claim is about."""
    if found.sign_up_id:
        on_file = (await records.lock_records_of(tx, district, [found.sign_up_id])).get(found.sign_up_id)
    else:
        assert found.record_id is not None  # noqa: S101 - the table's own condition
        on_file = await records.lock_record(tx, district, found.record_id)
    return on_file.record.minutes if on_file else 0
