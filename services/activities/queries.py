"""What the routes show. Invariant: reads change nothing; every page is ordered by a key that does not move."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.domain.sign_up import SignUpState
from shared.contracts import Provenance
from shared.contracts.faults import Fault, RefusedError
from shared.http.auth import Caller
from shared.store.engine import Store


class ShiftView(BaseModel):
    """A shift and how its places stand."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    free_places: int
    waiting: int


class ActivitySummary(BaseModel):
    """An activity in the list: its shifts that have not begun."""

    id: UUID
    title: str
    service: str
    place: str
    station_code: str
    station_name: str
    shifts: list[ShiftView]


class ActivityView(ActivitySummary):
    """All that a volunteer must know before signing up (Decree 685, art. 12), and every shift."""

    person_in_charge: str
    risk_text: str
    description: str
    published_at: datetime
    version: int


class MySignUp(BaseModel):
    """One of the caller's sign-ups; ``position`` on the waiting list counts from 1."""

    id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    state: SignUpState
    position: int | None
    checked_in_at: datetime | None


class ShiftSignUp(BaseModel):
    """A sign-up as a leader sees it: the volunteer's id and number, no name."""

    id: UUID
    volunteer_id: UUID
    volunteer_no: str
    state: SignUpState
    queue_number: int
    checked_in_at: datetime | None


class RecordView(BaseModel):
    """A service record. ``minutes`` 0 means that it was voided; ``version`` is what a correction must name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "record_no": "LB-510115-20260301-000012",
                    "volunteer_id": "019c2f6e-1111-7c3e-9a51-0d4c8b1f2a77",
                    "station_id": "019c2f6e-2222-7c3e-9a51-0d4c8b1f2a77",
                    "activity": "文化活动",
                    "service": "culture",
                    "started_at": "2026-03-01T01:00:00Z",
                    "ended_at": "2026-03-01T03:00:00Z",
                    "minutes": 120,
                    "rating": 5,
                    "provenance": "self_check_in",
                    "version": 1,
                }
            ]
        }
    )

    id: UUID
    record_no: str
    volunteer_id: UUID
    station_id: UUID
    activity: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    rating: int | None
    provenance: Provenance
    version: int


_ACTIVITY = """
    SELECT a.id, a.title, a.service, a.place, s.code AS station_code, s.name AS station_name, a.person_in_charge,
           a.risk_text, a.description, a.published_at, a.version
    FROM activity a JOIN known_station s ON s.district = a.district AND s.id = a.station_id
    WHERE a.district = :district
"""
_OPEN_ACTIVITIES = text(f"""{_ACTIVITY}
      AND (CAST(:after AS uuid) IS NULL OR a.id < :after)
      AND EXISTS (SELECT FROM shift WHERE district = a.district AND activity_id = a.id AND starts_at > now())
    ORDER BY a.id DESC LIMIT :limit
""")
_ONE_ACTIVITY = text(f"{_ACTIVITY} AND a.id = :id")
_SHIFTS = text("""
    SELECT activity_id, id, starts_at, ends_at, capacity, capacity - taken AS free_places, waiting
    FROM shift
    WHERE district = :district AND activity_id = ANY(CAST(:activities AS uuid[]))
      AND (NOT :not_begun OR starts_at > now())
    ORDER BY starts_at, id
""")
_MY_SIGN_UPS = text("""
    SELECT u.id, u.shift_id, a.id AS activity_id, a.title AS activity_title, a.place, s.starts_at, s.ends_at, u.state,
           u.checked_in_at,
           CASE WHEN u.state = 'waiting' THEN (
               SELECT count(*) FROM sign_up ahead
               WHERE ahead.district = u.district AND ahead.shift_id = u.shift_id AND ahead.state = 'waiting'
                 AND ahead.queue_number <= u.queue_number
           ) END AS position
    FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district AND u.volunteer_id = :volunteer_id AND (CAST(:after AS uuid) IS NULL OR u.id < :after)
    ORDER BY u.id DESC LIMIT :limit
""")
_WHOSE_SHIFT = text("""
    SELECT a.station_id, a.published_by
    FROM shift s JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE s.district = :district AND s.id = :shift_id
""")
_SHIFT_SIGN_UPS = text("""
    SELECT u.id, u.volunteer_id, v.number AS volunteer_no, u.state, u.queue_number, u.checked_in_at
    FROM sign_up u JOIN known_volunteer v ON v.district = u.district AND v.id = u.volunteer_id
    WHERE u.district = :district AND u.shift_id = :shift_id AND u.queue_number > :after
    ORDER BY u.queue_number LIMIT :limit
""")
_RECORD = """
    SELECT id, record_no, volunteer_id, station_id, activity, service, started_at, ended_at, minutes, rating,
           provenance, version
    FROM service_record WHERE district = :district
"""
_RECORDS = text(f"""{_RECORD}
      AND volunteer_id = :volunteer_id
      AND (CAST(:started_at AS timestamptz) IS NULL OR (started_at, id) < (:started_at, CAST(:id AS uuid)))
    ORDER BY started_at DESC, id DESC LIMIT :limit
""")
_ONE_RECORD = text(f"{_RECORD} AND id = :id")


async def open_activities(store: Store, district: str, after: UUID | None, limit: int) -> list[ActivitySummary]:
    """Return activities with a shift that has not begun, newest first, from after an id on."""
    async with store.transaction(district) as tx:
        rows = await tx.execute(_OPEN_ACTIVITIES, {"district": district, "after": after, "limit": limit})
        found = rows.mappings().all()
        shifts = await _shifts(tx, district, [row["id"] for row in found], not_begun=True)
    return [ActivitySummary(**row, shifts=shifts[row["id"]]) for row in found]


async def find_activity(store: Store, district: str, activity_id: UUID) -> ActivityView | None:
    """Return an activity with all of its shifts, or None."""
    async with store.transaction(district) as tx:
        rows = await tx.execute(_ONE_ACTIVITY, {"district": district, "id": activity_id})
        row = rows.mappings().one_or_none()
        if row is None:
            return None
        shifts = await _shifts(tx, district, [activity_id], not_begun=False)
    return ActivityView(**row, shifts=shifts[activity_id])


async def sign_ups_of_volunteer(
    store: Store, district: str, volunteer_id: UUID, after: UUID | None, limit: int
) -> list[MySignUp]:
    """Return a volunteer's sign-ups, newest first, from after an id on."""
    key = {"volunteer_id": volunteer_id, "after": after}
    return [MySignUp(**row) for row in await _select(store, district, _MY_SIGN_UPS, {**key, "limit": limit})]


async def sign_ups_of_shift(store: Store, caller: Caller, shift_id: UUID, after: int, limit: int) -> list[ShiftSignUp]:
    """Return a shift's sign-ups in order of arrival, from after a queue number on.

    Raises RefusedError (not_found) where there is no such shift, or the caller does not staff it.
    """
    key = {"district": caller.district, "shift_id": shift_id}
    async with store.transaction(caller.district) as tx:
        shift = (await tx.execute(_WHOSE_SHIFT, key)).one_or_none()
        if shift is None or not caller.reaches(unit=shift.station_id, made_by=shift.published_by):
            raise RefusedError(Fault("shift_id", "not_found"))
        rows = await tx.execute(_SHIFT_SIGN_UPS, {**key, "after": after, "limit": limit})
        return [ShiftSignUp(**row) for row in rows.mappings()]


async def records_of_volunteer(
    store: Store, district: str, volunteer_id: UUID, after: tuple[Any, ...] | None, limit: int
) -> list[RecordView]:
    """Return a volunteer's service records, latest first, from after a start and id on."""
    started_at, record_id = after or (None, None)
    key = {"volunteer_id": volunteer_id, "started_at": started_at, "id": record_id}
    return [RecordView(**row) for row in await _select(store, district, _RECORDS, {**key, "limit": limit})]


async def find_record(store: Store, district: str, record_id: UUID) -> RecordView | None:
    """Return a service record, or None."""
    rows = await _select(store, district, _ONE_RECORD, {"id": record_id})
    return RecordView(**rows[0]) if rows else None


async def _select(store: Store, district: str, statement: Any, values: Mapping[str, Any]) -> Sequence[Any]:  # noqa: ANN401
    async with store.transaction(district) as tx:
        return (await tx.execute(statement, {"district": district, **values})).mappings().all()


async def _shifts(
    tx: AsyncConnection, district: str, activities: Sequence[UUID], *, not_begun: bool
) -> Mapping[UUID, list[ShiftView]]:
    values = {"district": district, "activities": list(activities), "not_begun": not_begun}
    by_activity: dict[UUID, list[ShiftView]] = defaultdict(list)
    for row in (await tx.execute(_SHIFTS, values)).mappings():
        by_activity[row["activity_id"]].append(ShiftView(**row))
    return by_activity
