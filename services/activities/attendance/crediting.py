"""From attendances to service records: what is credited for them from now on.

Invariant: an attendance has at most one service record; where its time changes, the record is corrected, so that both
figures stay in the events and the ledger follows (MCA Order 67, art. 13). Nobody is credited for two places at once.
Statements are constant, whatever the number of attendances.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance.domain import Attendance, Span
from services.activities.records import repository as records
from services.activities.records.domain import RecordOnFile, ServiceRecord, attendance_record_no
from shared.contracts.actor import Actor
from shared.contracts.calendar import CHINA
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import NewEvent, new_id


@dataclass(frozen=True, slots=True)
class Credit:
    """What an attendance is to be credited: a span, or nothing. ``reason`` is for the correction of a record."""

    attendance: Attendance
    span: Span | None
    reason: str


@dataclass(frozen=True, slots=True)
class Credited:
    """The records by sign-up, where there is one, and the events of what has changed, to be appended."""

    records: Mapping[UUID, RecordOnFile]
    events: Sequence[NewEvent]


async def credit(tx: AsyncConnection, actor: Actor, asked: Sequence[Credit]) -> Credited:
    """Let the service records of locked attendances say what is credited for them.

    Raises RefusedError ``overlap`` where one of the volunteers serves elsewhere at that time, naming the other place.
    """
    district = actor.district
    on_file = await records.lock_records_of(tx, district, [each.attendance.sign_up_id for each in asked])
    await records.lock_volunteers(tx, district, [each.attendance.volunteer_id for each in asked])
    await check_elsewhere(tx, district, asked)
    new, corrected, events = [], [], []
    for each in asked:
        found = on_file.get(each.attendance.sign_up_id)
        if found is None and each.span:
            new.append((each.attendance, each.span))
        elif found and (change := _change(found, each.span)):
            corrected.append(change)
            events.append(_correction(actor, found, change, each.reason))
    made = await _record(tx, actor, new)
    events += [_logging(actor, each) for each in made]
    if corrected:
        await records.correct(tx, district, corrected)
    now_on_file = {**on_file, **{each.sign_up_id: each for each in (*made, *corrected) if each.sign_up_id}}
    return Credited({sign_up: each for sign_up, each in now_on_file.items() if each.record.minutes}, events)


async def check_elsewhere(tx: AsyncConnection, district: str, asked: Sequence[Credit]) -> None:
    """Raise RefusedError ``overlap`` where a volunteer (they are locked) is elsewhere at the time of a span."""
    spans = {each.attendance.volunteer_id: each.span for each in asked if each.span}
    other = await records.conflict(
        tx,
        district,
        [(volunteer, span.started_at, span.ended_at) for volunteer, span in spans.items()],
        besides=[each.attendance.sign_up_id for each in asked],
    )
    if other:
        raise RefusedError(Fault("sign_up_id", Code.OVERLAP, other.named()))


def _change(found: RecordOnFile, span: Span | None) -> RecordOnFile | None:
    """Return a record as it is to be; None where it says so already."""
    record = found.record
    if span is None:
        return found.corrected(record._replace(minutes=0)) if record.minutes else None
    changed = record._replace(started_at=span.started_at, ended_at=span.ended_at, minutes=span.minutes)
    return found.corrected(changed) if changed != record else None


def _correction(actor: Actor, before: RecordOnFile, after: RecordOnFile, reason: str) -> NewEvent:
    event = after.correction(before.record, reason)
    return NewEvent(actor.district, after.id, after.version, event, actor.name)


async def _record(tx: AsyncConnection, actor: Actor, new: Sequence[tuple[Attendance, Span]]) -> list[RecordOnFile]:
    """Put the first record of each attendance on file."""
    if not new:
        return []
    numbers = await records.next_numbers(tx, len(new))
    made = [
        RecordOnFile(new_id(), 1, each.sign_up_id, each.provenance, _first(actor.district, number, each, span))
        for number, (each, span) in zip(numbers, new, strict=True)
    ]
    await records.insert_attended(tx, actor.district, made)
    return made


def _first(district: str, number: int, attended: Attendance, span: Span) -> ServiceRecord:
    day = span.started_at.astimezone(CHINA).strftime("%Y%m%d")
    return ServiceRecord(
        record_no=attendance_record_no(district, day, number),
        volunteer_id=attended.volunteer_id,
        station_id=attended.station_id,
        activity=attended.activity_title,
        service=attended.service,
        started_at=span.started_at,
        ended_at=span.ended_at,
        minutes=span.minutes,
        rating=None,
    )


def _logging(actor: Actor, made: RecordOnFile) -> NewEvent:
    return NewEvent(actor.district, made.id, 1, made.record.logged(made.id, made.provenance), actor.name)
