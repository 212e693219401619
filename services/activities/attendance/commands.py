"""Checking in and out, by the volunteer with the code of the place or by a leader, and taking a tap back.

Invariant: one attendance gives at most one service record and one ``ServiceLogged``; checking in or out again gives
the same answer as the first time. Nobody checks themselves in without a code of the place.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import domain, repository
from services.activities.attendance.crediting import Credit, Credited, check_elsewhere, credit
from services.activities.attendance.domain import Attendance, Span, by_rules
from services.activities.attendance.forgotten import missed, schedule_closing
from services.activities.records import repository as records
from services.activities.records.domain import RecordOnFile
from services.activities.rules.domain import FIRST_RULES
from services.activities.signing_up.domain import SignUpState
from shared.contracts import CheckInWay, CheckUndone, Event, Undone, VolunteerCheckedIn, VolunteerCheckedOut
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, now


class CheckedIn(BaseModel):
    """When a volunteer has come."""

    sign_up_id: UUID
    state: SignUpState
    checked_in_at: datetime


class LoggedRecord(BaseModel):
    """The service record of an attendance."""

    id: UUID
    record_no: str
    started_at: datetime
    ended_at: datetime


class CheckedOut(BaseModel):
    """What an attendance gave.

    ``record`` is null where nothing is credited: under a minute, or, in state ``missing_check_out``, until a leader
    has confirmed what was true.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sign_up_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "state": "completed",
                    "checked_out_at": "2026-03-01T03:05:00Z",
                    "minutes": 120,
                    "record": {
                        "id": "019c2f6e-3333-7c3e-9a51-0d4c8b1f2a77",
                        "record_no": "LB-510115-20260301-000012",
                        "started_at": "2026-03-01T01:00:00Z",
                        "ended_at": "2026-03-01T03:00:00Z",
                    },
                }
            ]
        }
    )

    sign_up_id: UUID
    state: SignUpState
    checked_out_at: datetime | None
    minutes: int
    record: LoggedRecord | None


class UndoneTap(BaseModel):
    """What was taken back, and how the sign-up stands without it."""

    sign_up_id: UUID
    undone: Undone
    state: SignUpState


async def check_in_from_list(tx: AsyncConnection, actor: Actor, sign_up_id: UUID, way: CheckInWay) -> CheckedIn:
    """Check somebody in from a leader's list or at a kiosk: from half an hour before the start until the end.

    Raises RefusedError ``not_found``, ``not_open``, ``too_early`` with ``opens_at``, ``too_late``, or ``overlap`` with
    what is ``other`` where the volunteer serves elsewhere.
    """
    return await check_in(tx, actor, await lock_for_staff(tx, actor, sign_up_id), way)


async def check_in(
    tx: AsyncConnection,
    actor: Actor,
    found: Attendance,
    way: CheckInWay,
    *,
    inside: bool | None = None,
    code_from: datetime | None = None,
) -> CheckedIn:
    """Let the volunteer of a locked sign-up begin to serve; ``code_from`` is when the code was first shown."""
    if found.state is SignUpState.ATTENDING and found.checked_in_at:
        return _checked_in(found.sign_up_id, found.checked_in_at)
    await records.lock_volunteers(tx, actor.district, [found.volunteer_id])
    at = now()  # after the lock: whoever else held it for this volunteer came before
    domain.check_in(found, at)
    begins = max(at, found.starts_at)
    await check_elsewhere(tx, actor.district, [Credit(found, Span(begins, begins + domain.INSTANT, 0), "")])
    attending = replace(
        found,
        version=found.version + 1,
        state=SignUpState.ATTENDING,
        checked_in_at=at,
        checked_in_by=way,
        inside=inside,
        code_from=code_from or found.code_from,
    )
    await repository.write(tx, actor.district, [attending])
    await schedule_closing(tx, actor.district, attending)
    event = VolunteerCheckedIn(
        sign_up_id=found.sign_up_id,
        shift_id=found.shift_id,
        volunteer_id=found.volunteer_id,
        checked_in_at=at,
        way=way,
    )
    await event_log.append(tx, [_event(actor, found, event, at)])
    return _checked_in(found.sign_up_id, at)


async def check_out_from_list(tx: AsyncConnection, actor: Actor, sign_up_id: UUID, way: CheckInWay) -> CheckedOut:
    """Check somebody out from a leader's list or at a kiosk.

    Raises RefusedError ``not_found``, ``not_open`` where the volunteer is not checked in, or ``overlap``.
    """
    return await check_out(tx, actor, await lock_for_staff(tx, actor, sign_up_id), way)


async def check_out_own(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> CheckedOut:
    """Check oneself out. Raises RefusedError as ``check_out_from_list``."""
    found = await repository.lock(tx, actor.district, sign_up_id)
    if found is None or found.volunteer_id != actor.volunteer_id:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    return await check_out(tx, actor, found, CheckInWay.SELF_CHECK_IN)


async def check_out(
    tx: AsyncConnection, actor: Actor, found: Attendance, way: CheckInWay, *, code_from: datetime | None = None
) -> CheckedOut:
    """End the attendance of a locked sign-up and log the service; one that was forgotten is not credited."""
    at = now()
    if found.state in (SignUpState.COMPLETED, SignUpState.MISSING_CHECK_OUT):
        on_file = await records.lock_records_of(tx, actor.district, [found.sign_up_id])
        return _checked_out(found, on_file.get(found.sign_up_id))
    if found.state is not SignUpState.ATTENDING or found.checked_in_at is None:
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    if domain.is_forgotten(found, at):
        forgotten = replace(found, version=found.version + 1, state=SignUpState.MISSING_CHECK_OUT)
        await repository.write(tx, actor.district, [forgotten])
        await event_log.append(tx, [_event(actor, found, missed(found), at)])
        return _checked_out(forgotten, None)
    left = replace(
        found,
        version=found.version + 1,
        state=SignUpState.COMPLETED,
        checked_out_at=at,
        checked_out_by=way,
        code_from=code_from or found.code_from,
    )
    await repository.write(tx, actor.district, [left])
    done = await _credit_check_out(tx, actor, left)
    event = VolunteerCheckedOut(
        sign_up_id=found.sign_up_id,
        shift_id=found.shift_id,
        volunteer_id=found.volunteer_id,
        checked_out_at=at,
        way=way,
    )
    await event_log.append(tx, [_event(actor, found, event, at), *done.events])
    return _checked_out(left, done.records.get(found.sign_up_id))


async def _credit_check_out(tx: AsyncConnection, actor: Actor, left: Attendance) -> Credited:
    """Credit what the rules give; of what counts beyond the shift's own times only what is not served elsewhere."""
    whole, within = by_rules(left), by_rules(replace(left, rules=FIRST_RULES))
    try:
        return await credit(tx, actor, [Credit(left, whole, "check-out")])
    except RefusedError:
        if whole == within:
            raise
        return await credit(tx, actor, [Credit(left, within, "check-out")])


async def undo(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> UndoneTap:
    """Take the last tap back: a check-out, or else a check-in; what was credited by it is voided.

    The volunteer can for five minutes, where the tap was their own; staff until the shift is closed. Raises
    RefusedError ``not_found``, ``not_open`` where there is nothing to take back or the shift is closed, ``forbidden``,
    ``too_late``, or ``overlap`` where they serve elsewhere since.
    """
    found = await repository.lock(tx, actor.district, sign_up_id)
    if found is None or not (staffs(actor, found) or found.volunteer_id == actor.volunteer_id):
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    shift = await repository.read_shift(tx, actor.district, found.shift_id)  # after the lock: closing holds it too
    if found.state not in (SignUpState.COMPLETED, SignUpState.ATTENDING) or shift is None or shift.closed_at:
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    at = now()
    if not staffs(actor, found):
        domain.check_undo_by_volunteer(found, at)
    if found.state is SignUpState.COMPLETED:
        return await _undo_check_out(tx, actor, found, at)
    return await _undo_check_in(tx, actor, found, at)


async def _undo_check_out(tx: AsyncConnection, actor: Actor, found: Attendance, at: datetime) -> UndoneTap:
    serving = replace(
        found, version=found.version + 1, state=SignUpState.ATTENDING, checked_out_at=None, checked_out_by=None
    )
    await repository.write(tx, actor.district, [serving])
    await schedule_closing(tx, actor.district, found)
    voided = await credit(tx, actor, [Credit(serving, None, "check-out undone")])
    await check_elsewhere(tx, actor.district, [Credit(serving, Span(at, at + domain.INSTANT, 0), "")])
    await event_log.append(tx, [_event(actor, found, _undone(found, Undone.CHECK_OUT), at), *voided.events])
    return UndoneTap(sign_up_id=found.sign_up_id, undone=Undone.CHECK_OUT, state=serving.state)


async def _undo_check_in(tx: AsyncConnection, actor: Actor, found: Attendance, at: datetime) -> UndoneTap:
    expected = replace(
        found,
        version=found.version + 1,
        state=SignUpState.CONFIRMED,
        checked_in_at=None,
        checked_in_by=None,
        inside=None,
    )
    await repository.write(tx, actor.district, [expected])
    await event_log.append(tx, [_event(actor, found, _undone(found, Undone.CHECK_IN), at)])
    return UndoneTap(sign_up_id=found.sign_up_id, undone=Undone.CHECK_IN, state=expected.state)


async def lock_for_staff(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> Attendance:
    """Lock a sign-up for an activity that the actor staffs. Raises RefusedError ``not_found``."""
    found = await repository.lock(tx, actor.district, sign_up_id)
    if found is None or not staffs(actor, found):
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    return found


def staffs(actor: Actor, found: Attendance) -> bool:
    """Return whether an actor deals with the attendance of an activity's volunteers."""
    return actor.reaches(unit=found.station_id, made_by=found.published_by)


def _undone(found: Attendance, undone: Undone) -> CheckUndone:
    return CheckUndone(
        sign_up_id=found.sign_up_id, shift_id=found.shift_id, volunteer_id=found.volunteer_id, undone=undone
    )


def _event(actor: Actor, found: Attendance, event: Event, at: datetime) -> NewEvent:
    return NewEvent(actor.district, found.sign_up_id, found.version + 1, event, actor.name, at)


def _checked_in(sign_up_id: UUID, at: datetime) -> CheckedIn:
    return CheckedIn(sign_up_id=sign_up_id, state=SignUpState.ATTENDING, checked_in_at=at)


def _checked_out(found: Attendance, made: RecordOnFile | None) -> CheckedOut:
    record, minutes = None, 0
    if made and made.record.minutes:
        minutes = made.record.minutes
        record = LoggedRecord(
            id=made.id,
            record_no=made.record.record_no,
            started_at=made.record.started_at,
            ended_at=made.record.ended_at,
        )
    return CheckedOut(
        sign_up_id=found.sign_up_id,
        state=found.state,
        checked_out_at=found.checked_out_at,
        minutes=minutes,
        record=record,
    )
