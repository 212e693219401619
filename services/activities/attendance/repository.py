"""Attendance as it is written: sign-ups with their shift, the secrets of codes, and tries of codes.

Invariant: whoever changes an attendance holds its sign-up's row lock; a shift's row is locked before its sign-ups,
these before their records, and these before the advisory lock of their volunteers' records.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance.domain import Attendance
from services.activities.rules.domain import RuleSet, rules_of
from services.activities.rules.repository import RULES_OF_ACTIVITY
from services.activities.signing_up.domain import SignUpState
from services.activities.signing_up.tables import sign_up
from shared.contracts import AbsenceClass, CheckInWay
from shared.store.statements import unnest

_CHANGING = (
    "state",
    "absence",
    "checked_in_at",
    "checked_in_by",
    "inside",
    "code_from",
    "checked_out_at",
    "checked_out_by",
)
_ATTENDANCE = f"""
    SELECT u.id AS sign_up_id, u.shift_id, s.activity_id, u.volunteer_id, u.version,
           {", ".join(f"u.{name}" for name in _CHANGING)},
           a.station_id, a.published_by, a.title AS activity_title, a.service, s.starts_at, s.ends_at,
           {RULES_OF_ACTIVITY}
    FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district
"""
_LIVE = "u.state NOT IN ('withdrawn', 'cancelled')"
_LOCK = text(f"{_ATTENDANCE} AND u.id = :id FOR UPDATE OF u")
_OF_VOLUNTEER = f"{_ATTENDANCE} AND u.shift_id = :shift_id AND u.volunteer_id = :volunteer_id AND {_LIVE}"
_LOCK_OF_VOLUNTEER = text(f"{_OF_VOLUNTEER} FOR UPDATE OF u")
_READ_OF_VOLUNTEER = text(_OF_VOLUNTEER)
_LOCK_OF_SHIFT = text(f"{_ATTENDANCE} AND u.shift_id = :shift_id AND {_LIVE} ORDER BY u.id FOR UPDATE OF u")
_WRITE = text(f"""
    UPDATE sign_up u SET {", ".join(f"{name} = r.{name}" for name in _CHANGING)}, version = r.version
    FROM {unnest(sign_up, ["id", "version", *_CHANGING])}
    WHERE u.district = :district AND u.id = r.id
""")
_SHIFT = text(f"""
    SELECT s.id, s.activity_id, a.title AS activity_title, a.station_id, a.published_by, s.starts_at, s.ends_at,
           s.capacity, s.taken, s.closed_at, {RULES_OF_ACTIVITY}
    FROM shift s JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE s.district = :district AND s.id = :id
""")
_LOCK_ACTIVITY = text("""
    SELECT id FROM activity
    WHERE district = :district AND id = (SELECT activity_id FROM shift WHERE district = :district AND id = :id)
    FOR NO KEY UPDATE
""")
_LOCK_SHIFT = text(f"{_SHIFT.text} FOR UPDATE OF s")
_CLOSE = text("""
    WITH closed AS (UPDATE shift SET closed_at = :at WHERE district = :district AND id = :id)
    UPDATE activity SET version = version + 1 WHERE district = :district AND id = :activity_id RETURNING version
""")
_TALLY = text("""
    SELECT count(*) FILTER (WHERE r.minutes > 0) AS served, count(*) FILTER (WHERE u.absence = 'no_show') AS missed,
           count(*) FILTER (WHERE u.absence = 'late_withdrawal') AS late_withdrawals,
           coalesce(sum(r.minutes), 0)::int AS minutes
    FROM sign_up u LEFT JOIN service_record r ON r.district = u.district AND r.sign_up_id = u.id
    WHERE u.district = :district AND u.shift_id = :shift_id
""")
_SECRET = text("SELECT secret FROM shift_code WHERE district = :district AND shift_id = :shift_id")
_ADD_SECRET = text("""
    INSERT INTO shift_code (district, shift_id, secret) VALUES (:district, :shift_id, :secret) ON CONFLICT DO NOTHING
""")
_COUNT_TRY = text("""
    INSERT INTO code_try AS t (district, volunteer_id, since, tries) VALUES (:district, :volunteer_id, :now, 1)
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET since = CASE WHEN t.since > :window THEN t.since ELSE excluded.since END,
        tries = CASE WHEN t.since > :window THEN t.tries + 1 ELSE 1 END
    RETURNING since, tries
""")
_FORGET_TRIES = text("DELETE FROM code_try WHERE district = :district AND volunteer_id = :volunteer_id")
_PRESENT = text("""
    SELECT count(*) AS present, clock_timestamp() AS at FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND state IN ('attending', 'completed', 'missing_check_out')
""")


class ShiftAttended(NamedTuple):
    """A shift as attendance sees it."""

    id: UUID
    activity_id: UUID
    activity_title: str
    station_id: UUID
    published_by: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    closed_at: datetime | None
    rules: RuleSet
    """Those that its activity keeps."""


class Tally(NamedTuple):
    """What came of a shift."""

    served: int
    missed: int
    """With a confirmed place, and never came."""
    late_withdrawals: int
    minutes: int


class Tries(NamedTuple):
    """How many codes somebody has typed since a moment."""

    since: datetime
    number: int


async def lock(tx: AsyncConnection, district: str, sign_up_id: UUID) -> Attendance | None:
    """Return a sign-up, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK, {"district": district, "id": sign_up_id})).one_or_none()
    return _attendance(row) if row else None


async def lock_of_volunteer(
    tx: AsyncConnection, district: str, shift_id: UUID, volunteer_id: UUID
) -> Attendance | None:
    """Return a volunteer's live sign-up for a shift, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK_OF_VOLUNTEER, _of(district, shift_id, volunteer_id))).one_or_none()
    return _attendance(row) if row else None


async def read_of_volunteer(
    tx: AsyncConnection, district: str, shift_id: UUID, volunteer_id: UUID
) -> Attendance | None:
    """Return a volunteer's live sign-up for a shift, or None."""
    row = (await tx.execute(_READ_OF_VOLUNTEER, _of(district, shift_id, volunteer_id))).one_or_none()
    return _attendance(row) if row else None


async def lock_of_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> list[Attendance]:
    """Return all live sign-ups for a locked shift, locked until the transaction ends."""
    rows = await tx.execute(_LOCK_OF_SHIFT, {"district": district, "shift_id": shift_id})
    return [_attendance(row) for row in rows]


async def write(tx: AsyncConnection, district: str, changed: Sequence[Attendance]) -> None:
    """Set how locked attendances stand; each has an event for every version that it has come to."""
    columns = {name: [getattr(each, name) for each in changed] for name in ("version", *_CHANGING)}
    await tx.execute(_WRITE, {"district": district, "id": [each.sign_up_id for each in changed], **columns})


async def read_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> ShiftAttended | None:
    """Return a shift, or None."""
    row = (await tx.execute(_SHIFT, {"district": district, "id": shift_id})).one_or_none()
    return _shift(row) if row else None


async def lock_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> ShiftAttended | None:
    """Return a shift, locked until the transaction ends, or None; its activity is locked first, as editing does."""
    key = {"district": district, "id": shift_id}
    await tx.execute(_LOCK_ACTIVITY, key)
    row = (await tx.execute(_LOCK_SHIFT, key)).one_or_none()
    return _shift(row) if row else None


async def set_closed(tx: AsyncConnection, district: str, shift: ShiftAttended, at: datetime | None) -> int:
    """Close a locked shift, or with None open it again; return its activity's version, which rises by one."""
    values = {"district": district, "id": shift.id, "activity_id": shift.activity_id, "at": at}
    version: int = (await tx.execute(_CLOSE, values)).scalar_one()
    return version


async def tally(tx: AsyncConnection, district: str, shift_id: UUID) -> Tally:
    """Count what came of a shift."""
    return Tally(*(await tx.execute(_TALLY, {"district": district, "shift_id": shift_id})).one())


async def secret_of(tx: AsyncConnection, district: str, shift_id: UUID) -> bytes | None:
    """Return a shift's encrypted secret; None where its codes were never shown."""
    found: bytes | None = await tx.scalar(_SECRET, {"district": district, "shift_id": shift_id})
    return found


async def add_secret(tx: AsyncConnection, district: str, shift_id: UUID, secret: bytes) -> None:
    """Give a shift its encrypted secret, unless it has one."""
    await tx.execute(_ADD_SECRET, {"district": district, "shift_id": shift_id, "secret": secret})


async def count_try(tx: AsyncConnection, district: str, volunteer_id: UUID, now: datetime, within: timedelta) -> Tries:
    """Count that a volunteer types a code; return how many they have typed in their present window."""
    values = {"district": district, "volunteer_id": volunteer_id, "now": now, "window": now - within}
    return Tries(*(await tx.execute(_COUNT_TRY, values)).one())


async def forget_tries(tx: AsyncConnection, district: str, volunteer_id: UUID) -> None:
    """Begin to count a volunteer's tries anew."""
    await tx.execute(_FORGET_TRIES, {"district": district, "volunteer_id": volunteer_id})


class Present(NamedTuple):
    """How many have come to a shift, by the database's clock."""

    present: int
    at: datetime


async def count_present(tx: AsyncConnection, district: str, shift_id: UUID) -> Present:
    """Return how many have come to a shift."""
    return Present(*(await tx.execute(_PRESENT, {"district": district, "shift_id": shift_id})).one())


def _of(district: str, shift_id: UUID, volunteer_id: UUID) -> dict[str, object]:
    return {"district": district, "shift_id": shift_id, "volunteer_id": volunteer_id}


_NAMES = tuple(field.name for field in fields(Attendance))


def _shift(row: Row[Any]) -> ShiftAttended:
    return ShiftAttended(**{**row._mapping, "rules": rules_of(row.rules)})  # noqa: SLF001 - SQLAlchemy's public name


def _attendance(row: Row[tuple[object, ...]]) -> Attendance:
    values = {name: getattr(row, name) for name in _NAMES}
    values["state"] = SignUpState(values["state"])
    values["absence"] = AbsenceClass(values["absence"]) if values["absence"] else None
    for name in ("checked_in_by", "checked_out_by"):
        values[name] = CheckInWay(values[name]) if values[name] else None
    values["rules"] = rules_of(values["rules"])
    return Attendance(**values)
