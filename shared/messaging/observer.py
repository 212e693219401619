"""The observer: what operators watch and only the database knows, as gauges.

Invariant: it reads and never writes, and every gauge it sets is of one and the same look. It runs in the process that
relays, once a service, so that these figures stand whatever becomes of the consumers.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from prometheus_client import Gauge
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.fault_kinds import is_transient
from shared.messaging.positions import Position, read_positions
from shared.ops import metrics
from shared.ops.health import Heartbeat
from shared.store.engine import Store
from shared.store.event_log import outbox_depth
from shared.work.figures import WorkOfKind, work_by_kind

LOOK_SECONDS = 5.0
log = structlog.get_logger()

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


class Observer:
    """Looks at one service's database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first: tuple[int, float] = (0, 0.0)

    async def run(self, heartbeat: Heartbeat) -> None:
        """Look every ``LOOK_SECONDS`` until cancelled; a database that is away is waited for."""
        while True:
            try:
                await self.look()
                heartbeat.beat()
            except Exception as fault:
                if not is_transient(fault):
                    raise
                heartbeat.wait()
                log.warning("observer cannot look", error=type(fault).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Set every gauge from the database as it is now."""
        async with self._store.transaction() as tx:
            now = await view(tx)
        metrics.OUTBOX_OLDEST_SECONDS.set(self._age(*now.oldest) if now.oldest else 0)
        metrics.PG_OLDEST_XMIN_SECONDS.set(now.oldest_xmin_seconds)
        _show(metrics.DEAD_LETTERS_PARKED, (((p.consumer, p.reason), p.records) for p in now.parked))
        _show(metrics.DEAD_LETTER_OLDEST_SECONDS, _oldest_parked(now.parked).items())
        _show(metrics.CONSUMER_COMMITTED_OFFSET, ((offset[:3], offset.next_offset) for offset in now.offsets))
        _show(metrics.WORK_OPEN, (((w.kind,), w.open) for w in now.work))
        _show(metrics.WORK_DUE_SECONDS, (((w.kind,), w.due_seconds) for w in now.work))
        _show(metrics.WORK_GIVEN_UP, (((w.kind,), w.given_up) for w in now.work))
        _show(metrics.PROJECTION_POSITION, (((c.projection,), c.position) for c in now.compared))
        _show(metrics.PROJECTION_DRIFT, (((c.projection,), c.differences) for c in now.compared))
        _show(metrics.EVENTS_MISSING, (((c.consumer, c.event.rpartition(".")[2]), c.missing) for c in now.missing))
        _show(metrics.PROJECTION_COMPARED, (((c.projection,), c.compared_at.timestamp()) for c in now.compared))

    def _age(self, position: int, age: float | None) -> float:
        """Return an outbox row's age in seconds; a raw row has no time, so it counts from when it was first seen."""
        if position != self._first[0]:
            self._first = (position, time.monotonic())
        return age if age is not None else time.monotonic() - self._first[1]


def _oldest_parked(parked: Sequence[Parked]) -> dict[tuple[str], float]:
    oldest: dict[tuple[str], float] = {}
    for group in parked:
        oldest[group.consumer,] = max(group.age, oldest.get((group.consumer,), 0.0))
    return oldest


def _show(gauge: Gauge, rows: Iterable[tuple[Sequence[Any], float]]) -> None:
    """Let a gauge have these labels and no others: what is no longer there is no longer shown."""
    gauge.clear()
    for labels, value in rows:
        gauge.labels(*labels).set(float(value))
