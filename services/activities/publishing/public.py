"""What anybody sees of activities, without a token.

Invariant: nobody is named but whom the organiser names as in charge, without telephone numbers; what is shown is the
same for everybody.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.publishing.domain import ActivityState, public_wording
from services.activities.publishing.shift_filter import ShiftFilter
from services.activities.publishing.states import ACTIVITY_STATE, LIVE_SHIFTS, OPEN_SHIFT
from shared.contracts.calendar import CHINA


class ShiftPlaces(BaseModel):
    """A shift, and how many of its places are taken; whoever waits is counted beside them."""

    shift_id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    waiting: int
    is_cancelled: bool


class PublicActivity(BaseModel):
    """An activity with those of its shifts that are looked for, by start."""

    activity_id: UUID
    title: str
    service: str
    station_id: UUID
    station_name: str
    place: str
    shifts: list[ShiftPlaces]


class PublicActivities(BaseModel):
    """A page of activities by the start of the first shift that is looked for, as they stood at ``as_of``."""

    items: list[PublicActivity]
    next_cursor: str | None = None
    as_of: datetime


class PublicActivityDetail(PublicActivity):
    """All that one should know before signing up (Decree 685, art. 12), and every shift."""

    person_in_charge: str
    risk_text: str
    description: str
    dangerous: bool
    """Nobody under 18 takes part."""
    published_at: datetime
    needs: list[str]
    """Kinds of qualification that whoever comes must hold."""
    state: ActivityState
    cancelled_reason: str | None
    as_of: datetime


class ActivityFigures(BaseModel):
    """Activities with a shift that has not begun, and the places that are left on those shifts."""

    activities_open: int
    places_free: int
    as_of: datetime


class HeldGroup(BaseModel):
    """How many activities there were in a month or at a station, whose code it is."""

    code: str
    name: str | None
    activities: int


class PublicHeld(BaseModel):
    """How many activities of a year have begun, in all, by month and by station; one counts in each of its months."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "year": 2026,
                    "activities": 1204,
                    "as_of": "2026-11-28T01:00:00Z",
                    "months": [{"code": "2026-03", "name": None, "activities": 131}],
                    "stations": [{"code": "510115-STA-01", "name": "新华社区志愿服务站", "activities": 96}],
                }
            ]
        }
    )

    year: int
    activities: int
    as_of: datetime
    months: list[HeldGroup]
    stations: list[HeldGroup]


Found = tuple[datetime, PublicActivity]
"""An activity and what it is sorted by."""

_SHIFT = (
    "s.id AS shift_id, s.activity_id, s.starts_at, s.ends_at, s.capacity, s.taken, s.waiting,"
    " s.cancelled_at IS NOT NULL AS is_cancelled"
)
_OPEN_ACTIVITIES = text(f"""
    WITH begins AS MATERIALIZED (
        SELECT s.* FROM shift s WHERE s.district = :district AND {ShiftFilter.SHIFTS}
    ), found AS MATERIALIZED (
        SELECT {_SHIFT},
               a.title, a.service, a.station_id, a.place
        FROM begins s JOIN activity a ON a.district = :district AND a.id = s.activity_id
        WHERE {ShiftFilter.ACTIVITIES}
    ), page AS MATERIALIZED (
        SELECT activity_id, min(starts_at) AS next_start FROM found GROUP BY activity_id
        HAVING CAST(:after AS timestamptz) IS NULL OR (min(starts_at), activity_id) > (:after, CAST(:after_id AS uuid))
        ORDER BY next_start, activity_id LIMIT :limit
    )
    SELECT page.next_start, found.*, n.name AS station_name
    FROM page JOIN found USING (activity_id) JOIN known_station n ON n.district = :district AND n.id = found.station_id
    ORDER BY page.next_start, activity_id, found.starts_at, found.shift_id
""")
_ONE_ACTIVITY = text(f"""
    WITH t AS MATERIALIZED ({LIVE_SHIFTS} HAVING s.activity_id = :id)
    SELECT {_SHIFT},
           a.title, a.service, a.station_id, n.name AS station_name, a.place, a.person_in_charge, a.risk_text,
           a.description, a.dangerous, a.published_at, a.needs, a.cancelled_reason, {ACTIVITY_STATE} AS state
    FROM shift s
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    JOIN known_station n ON n.district = a.district AND n.id = a.station_id
    LEFT JOIN t ON t.activity_id = a.id
    WHERE s.district = :district AND s.activity_id = :id ORDER BY s.starts_at, s.id
""")
_FIGURES = text(f"""
    SELECT count(DISTINCT s.activity_id) AS activities_open, coalesce(sum(s.capacity - s.taken), 0) AS places_free
    FROM shift s WHERE s.district = :district AND {OPEN_SHIFT}
""")
# By the index of shifts by their start; what was cancelled was not held.
_HELD = text("""
    WITH held AS MATERIALIZED (
        SELECT s.activity_id, to_char(s.starts_at AT TIME ZONE :zone, 'YYYY-MM') AS month, n.code, n.name
        FROM shift s
        JOIN activity a ON a.district = s.district AND a.id = s.activity_id
        JOIN known_station n ON n.district = a.district AND n.id = a.station_id
        WHERE s.district = :district AND s.starts_at >= :since AND s.starts_at < :until AND s.cancelled_at IS NULL
    )
    SELECT 'all' AS of, NULL AS code, NULL AS name, count(DISTINCT activity_id) AS activities FROM held
    UNION ALL SELECT 'month', month, NULL, count(DISTINCT activity_id) FROM held GROUP BY 2
    UNION ALL SELECT 'station', code, name, count(DISTINCT activity_id) FROM held GROUP BY 2, 3
    ORDER BY 1, 2
""")


async def open_activities(
    tx: AsyncConnection, district: str, wanted: ShiftFilter, after: tuple[Any, ...] | None, limit: int
) -> list[Found]:
    """Return activities with shifts that are looked for, by the first of those, from after a start and id on."""
    start, activity_id = after or (None, None)
    values = {"district": district, "after": start, "after_id": activity_id, "limit": limit, **wanted.values()}
    rows = (await tx.execute(_OPEN_ACTIVITIES, values)).all()
    grouped = (list(shifts) for _, shifts in groupby(rows, lambda row: row.activity_id))
    return [(shifts[0].next_start, PublicActivity.model_validate(_activity(shifts))) for shifts in grouped]


async def find_public_activity(
    tx: AsyncConnection, district: str, activity_id: UUID, now: datetime
) -> PublicActivityDetail | None:
    """Return an activity with all of its shifts, or None."""
    rows = (await tx.execute(_ONE_ACTIVITY, {"district": district, "id": activity_id})).all()
    if not rows:
        return None
    found = _activity(rows)
    in_charge = public_wording(found["person_in_charge"])
    return PublicActivityDetail.model_validate({**found, "person_in_charge": in_charge, "as_of": now})


async def activity_figures(tx: AsyncConnection, district: str, now: datetime) -> ActivityFigures:
    """Return how much a district has to offer."""
    row = (await tx.execute(_FIGURES, {"district": district})).mappings().one()
    return ActivityFigures(**row, as_of=now)


async def public_held(tx: AsyncConnection, district: str, year: int, now: datetime) -> PublicHeld:
    """Count the activities of a year that have begun."""
    begins, ends = (datetime(each, 1, 1, tzinfo=CHINA) for each in (year, year + 1))
    values = {"district": district, "since": begins, "until": min(ends, now), "zone": CHINA.key}
    rows = (await tx.execute(_HELD, values)).all()
    groups = {of: [HeldGroup(**row._mapping) for row in rows if row.of == of] for of in ("month", "station")}  # noqa: SLF001 - SQLAlchemy's public name
    total = next(row.activities for row in rows if row.of == "all")
    return PublicHeld(year=year, activities=total, as_of=now, months=groups["month"], stations=groups["station"])


def _activity(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    """Return an activity's fields, of the rows of its shifts."""
    return {**rows[0]._mapping, "shifts": [row._mapping for row in rows]}  # noqa: SLF001 - SQLAlchemy's public name
