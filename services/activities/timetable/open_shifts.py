"""What a volunteer may take: shifts that are open and free of everything that they have signed up for.

Invariant: none overlaps a sign-up that holds their time; back to back is no overlap (cases C1). Whoever is on the
district's register may take any shift: an activity asks for nothing more yet.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.publishing.shift_filter import ShiftFilter
from services.activities.signing_up.domain import TAKING_UP


class ShiftToTake(BaseModel):
    """A shift that the caller may take, or wait for where its places are taken."""

    shift_id: UUID
    activity_id: UUID
    title: str
    service: str
    station_id: UUID
    station_name: str
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    waiting: int


_TO_TAKE = text(f"""
    WITH held AS MATERIALIZED (
        SELECT u.starts_at, u.ends_at FROM sign_up u
        WHERE u.district = :district AND u.volunteer_id = :volunteer_id AND u.state = ANY(CAST(:taking_up AS text[]))
          AND u.ends_at > now()
    ), begins AS MATERIALIZED (
        SELECT s.* FROM shift s WHERE s.district = :district AND {ShiftFilter.SHIFTS}
          AND NOT EXISTS (SELECT FROM held WHERE held.starts_at < s.ends_at AND held.ends_at > s.starts_at)
    ), found AS MATERIALIZED (
        SELECT s.id AS shift_id, s.activity_id, a.title, a.service, a.station_id, a.place, s.starts_at, s.ends_at,
               s.capacity, s.taken, s.waiting
        FROM begins s JOIN activity a ON a.district = :district AND a.id = s.activity_id
        WHERE {ShiftFilter.ACTIVITIES}
          AND (CAST(:after AS timestamptz) IS NULL OR (s.starts_at, s.id) > (:after, CAST(:after_id AS uuid)))
        ORDER BY s.starts_at, s.id LIMIT :limit
    )
    SELECT found.*, n.name AS station_name
    FROM found JOIN known_station n ON n.district = :district AND n.id = found.station_id
    ORDER BY starts_at, shift_id
""")


async def shifts_to_take(
    tx: AsyncConnection,
    district: str,
    volunteer_id: UUID,
    wanted: ShiftFilter,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[ShiftToTake]:
    """Return what a volunteer may take, by start, from after a start and a shift's id on."""
    start, shift_id = after or (None, None)
    values = {"district": district, "volunteer_id": volunteer_id, "taking_up": list(TAKING_UP), **wanted.values()}
    rows = await tx.execute(_TO_TAKE, {**values, "after": start, "after_id": shift_id, "limit": limit})
    return [ShiftToTake(**row) for row in rows.mappings()]
