"""A look at one service's database: what is shown of it, and the last one, kept for whoever may not look.

Invariant: a look is of one transaction, and holds counts, names of topics, kinds and projections, and nothing of a
person or a district. The table ``observation`` has one row, with the time of its look; who shows it shows the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.positions import Position, read_positions
from shared.store.event_log import outbox_depth
from shared.work.figures import WorkOfKind, work_by_kind

OLD_SECONDS = 60.0
"""An event that waits longer in the outbox is late; the alert's threshold too."""
OVERDUE_SECONDS = 900.0
"""Work that has been due for longer waits for something; the alert's threshold too."""

_OLDEST = text("""
    SELECT o.position, (SELECT extract(epoch FROM clock_timestamp() - e.occurred_at)
                        FROM event_log e WHERE e.district = o.district AND e.position = o.position) AS age
    FROM (SELECT district, position FROM outbox ORDER BY position LIMIT 1) o
""")
_PARKED = text("""
    SELECT consumer, reason, count(*) AS records, extract(epoch FROM clock_timestamp() - min(parked_at)) AS age
    FROM dead_letter WHERE state = 'parked' GROUP BY consumer, reason ORDER BY consumer, reason
""")
# One district compared on its own can add to what the last full comparison found, but never hide it.
_COMPARED = text("""
    SELECT c.projection, max(c.compared_at) AS compared_at, max(c.rows) AS rows, max(c.differences) AS differences,
           max(c.position) AS position
    FROM projection_comparison c
    WHERE c.compared_at >= coalesce((SELECT max(f.compared_at) FROM projection_comparison f
                                     WHERE f.projection = c.projection AND f.district IS NULL), '-infinity')
    GROUP BY c.projection ORDER BY c.projection
""")
_MISSING = text("""
    SELECT c.consumer, c.event, max(c.missing) AS missing FROM missing_event_count c
    WHERE c.counted_at >= coalesce((SELECT max(f.counted_at) FROM missing_event_count f
                                    WHERE f.consumer = c.consumer AND f.event = c.event AND f.district IS NULL),
                                   '-infinity')
    GROUP BY c.consumer, c.event ORDER BY c.consumer, c.event
""")
_OLDEST_XMIN = text("SELECT oldest_xmin_seconds()")


class Parked(NamedTuple):
    """Records that wait for an operator, the oldest of them for ``age`` seconds."""

    consumer: str
    reason: str
    records: int
    age: float


class LastComparison(NamedTuple):
    """What the last comparison of a projection with its replay found."""

    projection: str
    compared_at: datetime
    rows: int
    differences: int
    position: int


class LastCount(NamedTuple):
    """How many events of a type (without its version) the last count found missing."""

    consumer: str
    event: str
    missing: int


@dataclass(frozen=True)
class View:
    """One service's database as an operator wants to see it."""

    outbox_depth: int
    """Events not yet acknowledged by Kafka, counted to 100,000."""
    oldest: tuple[int, float | None] | None
    """Position of the first outbox row and its age in seconds; a raw record has no time."""
    parked: Sequence[Parked]
    offsets: Sequence[Position]
    compared: Sequence[LastComparison]
    missing: Sequence[LastCount]
    oldest_xmin_seconds: float
    work: Sequence[WorkOfKind]


async def view(tx: AsyncConnection) -> View:
    """Read the view in the worker's transaction."""
    oldest = (await tx.execute(_OLDEST)).one_or_none()
    return View(
        outbox_depth=await outbox_depth(tx),
        oldest=(oldest.position, None if oldest.age is None else float(oldest.age)) if oldest else None,
        parked=[Parked(row.consumer, row.reason, row.records, float(row.age)) for row in await tx.execute(_PARKED)],
        offsets=await read_positions(tx),
        compared=[LastComparison(*row) for row in await tx.execute(_COMPARED)],
        missing=[LastCount(*row) for row in await tx.execute(_MISSING)],
        oldest_xmin_seconds=await tx.scalar(_OLDEST_XMIN) or 0.0,
        work=await work_by_kind(tx),
    )


@dataclass(frozen=True)
class Observation:
    """A look, and when it was."""

    looked_at: datetime
    view: View
    moved_at: Mapping[str, datetime]
    """When each consumer's positions were last seen to have changed."""


_VIEW, _MOVED_AT = TypeAdapter(View), TypeAdapter(dict[str, datetime])
_NOTE = text("""
    INSERT INTO observation (looked_at, view, moved_at)
    VALUES (:looked_at, CAST(:view AS jsonb), CAST(:moved_at AS jsonb))
    ON CONFLICT (only_row) DO UPDATE
    SET looked_at = excluded.looked_at, view = excluded.view, moved_at = excluded.moved_at
""")
_LAST = text("SELECT looked_at, CAST(view AS text) AS view, CAST(moved_at AS text) AS moved_at FROM observation")


async def note(tx: AsyncConnection, observation: Observation) -> None:
    """Keep a look, as the worker role, in the place of the one before."""
    view, moved_at = _VIEW.dump_json(observation.view), _MOVED_AT.dump_json(dict(observation.moved_at))
    await tx.execute(_NOTE, {"looked_at": observation.looked_at, "view": view.decode(), "moved_at": moved_at.decode()})


async def last(tx: AsyncConnection) -> Observation | None:
    """Return the last look, as the api role may; None where there has been none."""
    row = (await tx.execute(_LAST)).one_or_none()
    if row is None:
        return None
    return Observation(row.looked_at, _VIEW.validate_json(row.view), _MOVED_AT.validate_json(row.moved_at))
