"""Plans of the network on file, and what is there of each kind.

Invariant: a plan is not changed; one that is not gone by any more has ended, and another is made.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.standard.domain.targets import Kind
from services.registry.standard.tables import network_plan
from shared.store.statements import insert_rows

_COUNTS = text("""
    WITH standard AS (
        SELECT s.level, s.division_code FROM station s
        JOIN station_standing t ON t.district = s.district AND t.station_id = s.id
        WHERE s.district = :district AND s.closed_on IS NULL AND t.status = 'standard'
    )
    SELECT (SELECT count(*) FROM standard WHERE level = 'centre') AS centres,
           (SELECT count(*) FROM standard WHERE level = 'station') AS stations,
           (SELECT count(*) FROM team WHERE district = :district AND closed_on IS NULL) AS teams,
           (SELECT count(*) FROM division d WHERE d.district = :district AND d.level = 'community'
              AND d.code IN (SELECT division_code FROM standard)) AS communities,
           (SELECT count(*) FROM division WHERE district = :district AND level = 'community') AS every_community
""")
_INSERT_PLAN = insert_rows(
    network_plan,
    ["id", "title", "starts_on", "due_on", "quotas", "at_start", "made_by", "made_at", "version"],
    same=["district"],
)
_PLANS = text("""
    SELECT id, title, starts_on, due_on, quotas, at_start, settled_on, version FROM network_plan
    WHERE district = :district AND ended_at IS NULL ORDER BY due_on, id LIMIT :limit
""")
_LOCK_PLAN = text("SELECT * FROM network_plan WHERE district = :district AND id = :id FOR UPDATE")
_END_PLAN = text(
    "UPDATE network_plan SET ended_at = :at, version = version + 1 WHERE district = :district AND id = :id"
)
_TO_SETTLE = text("""
    SELECT district, id, title, due_on, quotas, version FROM network_plan
    WHERE ended_at IS NULL AND settled_on IS NULL AND due_on < :today
    ORDER BY district, id FOR UPDATE
""")
_SETTLE = text("""
    UPDATE network_plan SET settled_on = :today, version = version + :events WHERE district = :district AND id = :id
""")


async def counts(tx: AsyncConnection, district: str) -> tuple[dict[Kind, int], int]:
    """Return how many of each kind the network has, and how many communities the district has."""
    row = (await tx.execute(_COUNTS, {"district": district})).one()
    return {kind: getattr(row, kind) for kind in Kind}, row.every_community


async def insert_plan(tx: AsyncConnection, district: str, row: Mapping[str, Any]) -> None:
    """Put a plan on file."""
    await tx.execute(_INSERT_PLAN, {"district": district, **{name: [value] for name, value in row.items()}})


async def plans(tx: AsyncConnection, district: str, limit: int) -> Sequence[Row[Any]]:
    """Return the plans that a district goes by, the next due first."""
    return (await tx.execute(_PLANS, {"district": district, "limit": limit})).all()


async def lock_plan(tx: AsyncConnection, district: str, plan_id: UUID) -> Row[Any] | None:
    """Return a plan and hold it to the commit."""
    return (await tx.execute(_LOCK_PLAN, {"district": district, "id": plan_id})).one_or_none()


async def end_plan(tx: AsyncConnection, district: str, plan_id: UUID, at: datetime) -> None:
    """Note that the district does not go by a plan any more."""
    await tx.execute(_END_PLAN, {"district": district, "id": plan_id, "at": at})


async def plans_to_settle(tx: AsyncConnection, today: date) -> Sequence[Row[Any]]:
    """Return the plans of every district whose day has passed since anybody looked, and hold them to the commit."""
    return (await tx.execute(_TO_SETTLE, {"today": today})).all()


async def settle(tx: AsyncConnection, district: str, plan_id: UUID, today: date, events: int) -> None:
    """Note that a plan's day has passed and was looked at; ``events`` were told of it."""
    await tx.execute(_SETTLE, {"district": district, "id": plan_id, "today": today, "events": events})
