"""The activities that somebody deals with, by state: a team leader's own, a station's, or the whole district's.

Invariant: drafts are counted beside them, as they are not published and nobody else's.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.drafts.queries import EDITABLE, editable_by
from services.activities.publishing.domain import ActivityState
from services.activities.publishing.public import ShiftPlaces
from services.activities.publishing.states import ACTIVITY_STATE, LIVE_SHIFTS
from shared.contracts.actor import Actor, Reach


class OrganisedActivity(BaseModel):
    """An activity with every shift. ``at`` is the start of the next shift, or the end of the last."""

    activity_id: UUID
    title: str
    service: str
    station_id: UUID
    station_name: str
    place: str
    state: ActivityState
    at: datetime
    version: int
    shifts: list[ShiftPlaces]


def _organised(join: str) -> str:
    """Return the activities that an actor deals with, as ``organised``; by ``JOIN`` those that are open or running."""
    return f"""
        WITH t AS MATERIALIZED ({LIVE_SHIFTS}), organised AS (
            SELECT a.id AS activity_id, a.title, a.service, a.station_id, a.place, a.version, t.next_start,
                   {ACTIVITY_STATE} AS state
            FROM activity a {join} t ON t.activity_id = a.id
            WHERE a.district = :district
              AND (:everything OR a.published_by = :name OR a.station_id = ANY(CAST(:units AS uuid[])))
              AND (CAST(:station_id AS uuid) IS NULL OR a.station_id = :station_id)
        )
    """


DRAFT = "draft"
_COUNTS = text(f"""
    {_organised("LEFT JOIN")} SELECT state, count(*) AS activities FROM organised GROUP BY state
    UNION ALL
    SELECT '{DRAFT}', count(*) FROM draft d
    WHERE d.district = :district AND {EDITABLE}
      AND (CAST(:station_id AS uuid) IS NULL OR d.station_id = :station_id)
""")
_LAST_END = "(SELECT max(ends_at) FROM shift WHERE district = :district AND activity_id = organised.activity_id)"


def _page(join: str, at: str, order: str, beyond: str) -> TextClause:
    return text(f"""{_organised(join)}, in_state AS MATERIALIZED (
            SELECT *, {at} AS at FROM organised WHERE state = :state
        ), page AS MATERIALIZED (
            SELECT * FROM in_state
            WHERE CAST(:after AS timestamptz) IS NULL OR (at, activity_id) {beyond} (:after, CAST(:after_id AS uuid))
            ORDER BY at {order}, activity_id {order} LIMIT :limit
        )
        SELECT page.*, n.name AS station_name, s.id AS shift_id, s.starts_at, s.ends_at, s.capacity, s.taken, s.waiting,
               s.cancelled_at IS NOT NULL AS is_cancelled
        FROM page
        JOIN known_station n ON n.district = :district AND n.id = page.station_id
        JOIN shift s ON s.district = :district AND s.activity_id = page.activity_id
        ORDER BY page.at {order}, page.activity_id {order}, s.starts_at, s.id
    """)


_NEXT_FIRST = _page("JOIN", "next_start", "ASC", ">")
_LAST_FIRST = _page("LEFT JOIN", _LAST_END, "DESC", "<")
_PAGES = {
    ActivityState.OPEN: _NEXT_FIRST,
    ActivityState.RUNNING: _NEXT_FIRST,
    ActivityState.ENDED: _LAST_FIRST,
    ActivityState.CANCELLED: _LAST_FIRST,
}


async def organised_activities(
    tx: AsyncConnection,
    actor: Actor,
    state: ActivityState,
    station_id: UUID | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[OrganisedActivity]:
    """Return the activities of a state: those to come by their next shift's start, ended ones latest first."""
    at, activity_id = after or (None, None)
    values = {**_reach(actor, station_id), "state": state, "after": at, "after_id": activity_id, "limit": limit}
    rows = (await tx.execute(_PAGES[state], values)).mappings().all()
    grouped: Sequence[list[Any]] = [list(shifts) for _, shifts in groupby(rows, lambda row: row["activity_id"])]
    return [OrganisedActivity.model_validate({**shifts[0], "shifts": shifts}) for shifts in grouped]


async def count_organised(tx: AsyncConnection, actor: Actor, station_id: UUID | None) -> dict[str, int]:
    """Return how many activities there are in each state, and how many drafts."""
    values = {**editable_by(actor), **_reach(actor, station_id)}
    counted = {row.state: row.activities for row in await tx.execute(_COUNTS, values)}
    return {state: counted.get(state, 0) for state in (DRAFT, *ActivityState)}


def _reach(actor: Actor, station_id: UUID | None) -> dict[str, Any]:
    """Return what narrows the list to what ``actor.reaches``."""
    return {
        "district": actor.district,
        "everything": actor.reach is Reach.DISTRICT,
        "name": actor.name,
        "units": list(actor.scope.units) if actor.reach is Reach.UNITS else [],
        "station_id": station_id,
    }
