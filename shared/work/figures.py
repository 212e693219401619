"""What operators watch of the work: how much is open, how long the oldest has been due, how much was given up."""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_BY_KIND = text("""
    SELECT kind, count(*) FILTER (WHERE state = 'open') AS open,
           coalesce(extract(epoch FROM clock_timestamp() - min(due_at) FILTER (
               WHERE state = 'open' AND (lease_until IS NULL OR lease_until < clock_timestamp()))), 0) AS due_seconds,
           count(*) FILTER (WHERE state = 'given_up') AS given_up
    FROM work WHERE state <> 'cancelled' GROUP BY kind ORDER BY kind
""")


class WorkOfKind(NamedTuple):
    """The work of one kind."""

    kind: str
    open: int
    """To be done now or later, or being done."""
    due_seconds: float
    """How long the oldest item has been due that nobody is doing; 0 where none is."""
    given_up: int
    """Waits for an operator."""


async def work_by_kind(tx: AsyncConnection) -> list[WorkOfKind]:
    """Read the figures in the worker's transaction."""
    return [
        WorkOfKind(row.kind, row.open, max(0.0, float(row.due_seconds)), row.given_up)
        for row in await tx.execute(_BY_KIND)
    ]
