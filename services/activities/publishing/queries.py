"""What is shown of activities. Invariant: reads change nothing; every page is ordered by a key that does not move."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.rules.domain import RuleSet, rules_of
from services.activities.rules.repository import RULES_OF_ACTIVITY


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
    dangerous: bool
    """Nobody under 18 takes part."""
    published_at: datetime
    version: int
    rules_version: int
    rules: RuleSet
    needs: list[str]


_ACTIVITY = f"""
    SELECT a.id, a.title, a.service, a.place, s.code AS station_code, s.name AS station_name, a.person_in_charge,
           a.risk_text, a.description, a.dangerous, a.published_at, a.version, a.rules_version, a.needs,
           {RULES_OF_ACTIVITY}
    FROM activity a JOIN known_station s ON s.district = a.district AND s.id = a.station_id
    WHERE a.district = :district
"""
_OPEN_ACTIVITIES = text(f"""{_ACTIVITY}
      AND (CAST(:after AS uuid) IS NULL OR a.id < :after)
      AND EXISTS (SELECT FROM shift WHERE district = a.district AND activity_id = a.id AND starts_at > now()
                  AND cancelled_at IS NULL)
    ORDER BY a.id DESC LIMIT :limit
""")
_ONE_ACTIVITY = text(f"{_ACTIVITY} AND a.id = :id")
_SHIFTS = text("""
    SELECT activity_id, id, starts_at, ends_at, capacity, capacity - taken AS free_places, waiting
    FROM shift
    WHERE district = :district AND activity_id = ANY(CAST(:activities AS uuid[]))
      AND (NOT :not_begun OR starts_at > now() AND cancelled_at IS NULL)
    ORDER BY starts_at, id
""")


async def open_activities(tx: AsyncConnection, district: str, after: UUID | None, limit: int) -> list[ActivitySummary]:
    """Return activities with a shift that has not begun, newest first, from after an id on."""
    rows = await tx.execute(_OPEN_ACTIVITIES, {"district": district, "after": after, "limit": limit})
    found = rows.mappings().all()
    shifts = await _shifts(tx, district, [row["id"] for row in found], not_begun=True)
    return [ActivitySummary(**row, shifts=shifts[row["id"]]) for row in found]


async def find_activity(tx: AsyncConnection, district: str, activity_id: UUID) -> ActivityView | None:
    """Return an activity with all of its shifts, or None."""
    row = (await tx.execute(_ONE_ACTIVITY, {"district": district, "id": activity_id})).mappings().one_or_none()
    if row is None:
        return None
    shifts = await _shifts(tx, district, [activity_id], not_begun=False)
    return ActivityView(**{**row, "rules": rules_of(row["rules"])}, shifts=shifts[activity_id])


async def _shifts(
    tx: AsyncConnection, district: str, activities: Sequence[UUID], *, not_begun: bool
) -> Mapping[UUID, list[ShiftView]]:
    values = {"district": district, "activities": list(activities), "not_begun": not_begun}
    by_activity: dict[UUID, list[ShiftView]] = defaultdict(list)
    for row in (await tx.execute(_SHIFTS, values)).mappings():
        by_activity[row["activity_id"]].append(ShiftView(**row))
    return by_activity
