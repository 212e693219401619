"""Checking in and out, by the volunteer or by a leader on their behalf.

Invariant: one attendance gives at most one service record and one ``ServiceLogged``; checking in or out again gives
the same answer as the first time.
"""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import domain
from services.activities.attendance.domain import end_of_service
from services.activities.records import repository as records
from services.activities.records.domain import ServiceRecord, attendance_record_no, overlaps, whole_minutes
from services.activities.records.repository import Origin
from services.activities.signing_up import repository as sign_ups
from services.activities.signing_up.domain import SignUpState
from services.activities.signing_up.repository import SignUp
from shared.contracts import Provenance, VolunteerCheckedIn
from shared.contracts.actor import Actor
from shared.contracts.calendar import CHINA
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

_INSTANT = timedelta(microseconds=1)


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
    """What an attendance gave. ``record`` is null where it was under a minute: nothing is logged then."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sign_up_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "state": "completed",
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
    minutes: int
    record: LoggedRecord | None


async def check_in(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> CheckedIn:
    """Begin to serve: from half an hour before the shift's start until its end.

    Raises RefusedError ``not_found``, ``not_open``, ``too_early``, ``too_late``, or ``overlap`` where the volunteer
    serves elsewhere.
    """
    district, at = actor.district, now()
    sign_up = await _find(tx, actor, sign_up_id)
    if sign_up.state is SignUpState.ATTENDING and sign_up.checked_in_at:
        return _checked_in(sign_up.id, sign_up.checked_in_at)
    domain.check_in(sign_up.state, await sign_ups.read_shift(tx, district, sign_up.shift_id), at)
    await _check_elsewhere(tx, district, sign_up.volunteer_id, at, at + _INSTANT)
    by = Provenance.SELF_CHECK_IN if sign_up.volunteer_id == actor.volunteer_id else Provenance.LEADER
    await sign_ups.check_in(tx, district, sign_up.id, at, by)
    event = VolunteerCheckedIn(
        sign_up_id=sign_up.id, shift_id=sign_up.shift_id, volunteer_id=sign_up.volunteer_id, checked_in_at=at
    )
    await event_log.append(tx, [NewEvent(district, sign_up.id, sign_up.version + 1, event, actor.name, at)])
    return _checked_in(sign_up.id, at)


async def check_out(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> CheckedOut:
    """End an attendance and log the service.

    Raises RefusedError ``not_found``, ``not_open`` where the volunteer is not checked in, or ``overlap``.
    """
    district, at = actor.district, now()
    sign_up = await _find(tx, actor, sign_up_id)
    if sign_up.state is SignUpState.COMPLETED:
        return _checked_out(sign_up.id, await records.record_of(tx, district, sign_up.id))
    if sign_up.state is not SignUpState.ATTENDING or sign_up.checked_in_at is None or sign_up.checked_in_by is None:
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    shift = await sign_ups.read_shift(tx, district, sign_up.shift_id)
    started_at, ended_at = sign_up.checked_in_at, end_of_service(at, shift.ends_at)
    await sign_ups.set_state(tx, district, sign_up.id, SignUpState.COMPLETED)
    minutes = whole_minutes(started_at, ended_at)
    if minutes < 1:
        return _checked_out(sign_up.id, None)
    await _check_elsewhere(tx, district, sign_up.volunteer_id, started_at, ended_at)
    day = started_at.astimezone(CHINA).strftime("%Y%m%d")
    record = ServiceRecord(
        record_no=attendance_record_no(district, day, await records.next_number(tx)),
        volunteer_id=sign_up.volunteer_id,
        station_id=sign_up.station_id,
        activity=sign_up.activity_title,
        service=sign_up.service,
        started_at=started_at,
        ended_at=ended_at,
        minutes=minutes,
        rating=None,
    )
    return _checked_out(sign_up.id, (await _log(tx, actor, sign_up, sign_up.checked_in_by, record), record))


async def _find(tx: AsyncConnection, actor: Actor, sign_up_id: UUID) -> SignUp:
    """Lock a sign-up that is the caller's own, or for an activity that they staff."""
    sign_up = await sign_ups.lock_sign_up(tx, actor.district, sign_up_id)
    if sign_up is None:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    staffs = actor.reaches(unit=sign_up.station_id, made_by=sign_up.published_by)
    if not staffs and sign_up.volunteer_id != actor.volunteer_id:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    return sign_up


async def _check_elsewhere(
    tx: AsyncConnection, district: str, volunteer_id: UUID, started_at: datetime, ended_at: datetime
) -> None:
    """Refuse where the volunteer serves elsewhere at that time, and keep other writers of their records out."""
    await records.lock_volunteer(tx, district, volunteer_id)
    sessions = await records.sessions(tx, district, [volunteer_id], started_at, ended_at)
    if overlaps(sessions, started_at, ended_at):
        raise RefusedError(Fault("sign_up_id", Code.OVERLAP))


async def _log(
    tx: AsyncConnection, actor: Actor, sign_up: SignUp, provenance: Provenance, record: ServiceRecord
) -> UUID:
    record_id = new_id()
    await records.insert_records(tx, actor.district, [record_id], [record], Origin(provenance, sign_up.id))
    event = record.logged(record_id, provenance)
    await event_log.append(tx, [NewEvent(actor.district, record_id, 1, event, actor.name)])
    return record_id


def _checked_in(sign_up_id: UUID, at: datetime) -> CheckedIn:
    return CheckedIn(sign_up_id=sign_up_id, state=SignUpState.ATTENDING, checked_in_at=at)


def _checked_out(sign_up_id: UUID, logged: tuple[UUID, ServiceRecord] | None) -> CheckedOut:
    record, minutes = None, 0
    if logged:
        record_id, found = logged
        minutes = found.minutes
        record = LoggedRecord(
            id=record_id, record_no=found.record_no, started_at=found.started_at, ended_at=found.ended_at
        )
    return CheckedOut(sign_up_id=sign_up_id, state=SignUpState.COMPLETED, minutes=minutes, record=record)
