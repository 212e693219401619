"""Closing a shift: a leader confirms who served from when until when, and who did not come.

Invariant: a closed shift has nothing missing: of everybody who came is known until when, and everybody with a place
who did not come is counted as missing it. All of it is one transaction of a constant number of statements; a closed
shift's attendance changes by reopening it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository
from services.activities.attendance.domain import CAME, Attendance, Span, by_rules, counts_from, needs_a_reason
from services.activities.attendance.outcomes import Settled, excused, missing_it, serving, settle
from services.activities.attendance.repository import ShiftAttended
from services.activities.publishing.domain import text_fault
from services.activities.records import repository as records
from services.activities.records.domain import net_minutes
from services.activities.signing_up.domain import SignUpState
from shared.contracts import ServiceRated, ShiftClosed, ShiftReopened
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.text import tidy
from shared.store import event_log
from shared.store.event_log import NewEvent, now

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a leader says of one sign-up: the real times with the breaks, or whether they did not come, and why.

    ``rating`` is how good the service was, 1 to 5; of somebody without a minute on record it says nothing.
    """

    sign_up_id: UUID
    started_at: datetime | None = None
    ended_at: datetime | None = None
    break_minutes: int = 0
    no_show: bool | None = None
    rating: int | None = None
    reason: str = ""

    @property
    def says_times(self) -> bool:
        """Whether it says when somebody served."""
        return self.started_at is not None or self.ended_at is not None or self.break_minutes != 0


class ClosedShift(BaseModel):
    """A closed shift, and what came of it; ``missed`` and ``late_withdrawals`` are counted for those people."""

    shift_id: UUID
    closed_at: datetime
    served: int
    missed: int
    late_withdrawals: int
    minutes: int


class ReopenedShift(BaseModel):
    """A shift whose attendance can be put right."""

    shift_id: UUID
    closed_at: None = None


async def close_shift(tx: AsyncConnection, actor: Actor, shift_id: UUID, entries: Sequence[Entry]) -> ClosedShift:
    """Close a shift that is over. Closing a closed one without entries gives the same answer.

    Raises RefusedError ``not_found``, ``too_early``, ``not_open`` where it is closed and entries are given; or, all at
    once, what is missing (``entries.<sign-up>``) and what is wrong with the entries; or ``overlap``.
    """
    shift = await _lock_staffed(tx, actor, shift_id)
    if shift.closed_at:
        if entries:
            raise RefusedError(Fault("shift_id", Code.NOT_OPEN))
        return await _closed(tx, actor, shift, shift.closed_at)
    at = now()
    if at < shift.ends_at:
        raise RefusedError(Fault("shift_id", Code.TOO_EARLY), opens_at=shift.ends_at.isoformat())
    found = await repository.lock_of_shift(tx, actor.district, shift_id)
    settled = _settle_all(found, entries, at)
    events = await settle(tx, actor, settled, at)
    events += await _rate(tx, actor, entries, at)
    version = await repository.set_closed(tx, actor.district, shift, at)
    answer = await _closed(tx, actor, shift, at)
    told = ShiftClosed(
        activity_id=shift.activity_id,
        shift_id=shift.id,
        closed_at=at,
        served=answer.served,
        missed=answer.missed,
        minutes=answer.minutes,
    )
    closing = NewEvent(actor.district, shift.activity_id, version, told, actor.name, at)
    await event_log.append(tx, [*events, closing])
    return answer


async def reopen_shift(tx: AsyncConnection, actor: Actor, shift_id: UUID, reason: str) -> ReopenedShift:
    """Open a closed shift's attendance again, to put it right. Raises RefusedError ``not_found`` or ``not_open``."""
    if fault := text_fault("reason", reason, _LONGEST_REASON):
        raise RefusedError(fault)
    shift = await _lock_staffed(tx, actor, shift_id)
    if shift.closed_at is None:
        raise RefusedError(Fault("shift_id", Code.NOT_OPEN))
    version = await repository.set_closed(tx, actor.district, shift, None)
    event = ShiftReopened(activity_id=shift.activity_id, shift_id=shift.id, reason=reason)
    await event_log.append(tx, [NewEvent(actor.district, shift.activity_id, version, event, actor.name)])
    return ReopenedShift(shift_id=shift.id)


async def _lock_staffed(tx: AsyncConnection, actor: Actor, shift_id: UUID) -> ShiftAttended:
    shift = await repository.lock_shift(tx, actor.district, shift_id)
    if shift is None or not actor.reaches(unit=shift.station_id, made_by=shift.published_by):
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    return shift


async def _closed(tx: AsyncConnection, actor: Actor, shift: ShiftAttended, at: datetime) -> ClosedShift:
    tally = await repository.tally(tx, actor.district, shift.id)
    return ClosedShift(shift_id=shift.id, closed_at=at, **tally._asdict())


async def _rate(tx: AsyncConnection, actor: Actor, entries: Sequence[Entry], at: datetime) -> list[NewEvent]:
    """Put ratings on the records of locked attendances; return the events of what is different now."""
    ratings = {entry.sign_up_id: entry.rating for entry in entries if entry.rating is not None}
    rated = await records.rate(tx, actor.district, ratings) if ratings else []
    return [
        NewEvent(
            actor.district,
            one.id,
            one.version,
            ServiceRated(record_id=one.id, volunteer_id=one.volunteer_id, rating=one.rating),
            actor.name,
            at,
        )
        for one in rated
    ]


def _settle_all(found: Sequence[Attendance], entries: Sequence[Entry], at: datetime) -> list[Settled]:
    """Say for each sign-up how it stands once the shift is closed. Raises RefusedError with every fault."""
    by_id = {entry.sign_up_id: entry for entry in entries}
    unknown = by_id.keys() - {each.sign_up_id for each in found}
    faults = [Fault(f"entries.{sign_up_id}", Code.NOT_FOUND) for sign_up_id in sorted(unknown)]
    settled: list[Settled] = []
    for each in found:
        try:
            settled += _settle_one(each, by_id.get(each.sign_up_id), at)
        except RefusedError as refused:
            faults += refused.faults
    if faults:
        raise RefusedError(*faults)
    return settled


def _settle_one(found: Attendance, entry: Entry | None, at: datetime) -> Sequence[Settled]:
    """Say how one sign-up stands; nothing where it is as it was. Raises RefusedError."""
    field = f"entries.{found.sign_up_id}"
    expected = found.state is SignUpState.CONFIRMED
    if not expected and found.state not in CAME:
        if entry:
            raise RefusedError(Fault(field, Code.NOT_OPEN))
        return []
    if entry and entry.says_times:
        return [_serving(found, entry, field, at)]
    if entry and entry.no_show is not None:
        return _classed(found, entry, field)
    if expected:
        return [] if found.absence else [missing_it(found)]
    if found.state is not SignUpState.COMPLETED:
        raise RefusedError(Fault(field, Code.MISSING))
    return []


def _classed(found: Attendance, entry: Entry, field: str) -> Sequence[Settled]:
    """Say that somebody did not come, or that it does not count; a reason is needed against what is known."""
    came = found.state in CAME
    if entry.no_show and not came:
        return [] if found.absence else [missing_it(found)]
    if fault := text_fault(f"{field}.reason", entry.reason, _LONGEST_REASON):
        raise RefusedError(fault)
    if entry.no_show:
        return [missing_it(found)]
    if came:
        raise RefusedError(Fault(field, Code.NOT_OPEN))
    return [_excusing(found, tidy(entry.reason))] if found.absence else []


def _excusing(found: Attendance, reason: str) -> Settled:
    """Return that it is not counted that somebody did not come."""
    return Settled(replace(found, version=found.version + 1, absence=None), None, [excused(found, reason)])


def _serving(found: Attendance, entry: Entry, field: str, at: datetime) -> Settled:
    """Return that somebody served at the times that the leader states."""
    span = _stated(found, entry, field, at)
    reason = tidy(entry.reason)
    if needs_a_reason(found, span) and (fault := text_fault(f"{field}.reason", reason, _LONGEST_REASON)):
        raise RefusedError(fault)
    return serving(found, span, reason)


def _stated(found: Attendance, entry: Entry, field: str, at: datetime) -> Span:
    """Return the span of an entry; what it leaves out is as the rules have it."""
    known = by_rules(found)
    started_at = entry.started_at or (
        found.checked_in_at and counts_from(found.checked_in_at, found.starts_at, found.rules)
    )
    ended_at = entry.ended_at or (known.ended_at if known else None)
    if started_at is None or ended_at is None:
        raise RefusedError(Fault(f"{field}.{'started_at' if started_at is None else 'ended_at'}", Code.MISSING))
    try:
        return Span(started_at, ended_at, net_minutes(started_at, ended_at, entry.break_minutes, now=at))
    except RefusedError as refused:
        raise RefusedError(*(Fault(f"{field}.{fault.field}", fault.code) for fault in refused.faults)) from None
