"""The observer: what operators watch and only the database knows, as gauges.

Invariant: it reads and never writes, and every gauge it sets is of one and the same look. It runs in the process that
relays, once a service, so that these figures stand whatever becomes of the consumers.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from prometheus_client import Gauge
from sqlalchemy import text

from shared.messaging.faults import is_transient
from shared.ops import metrics
from shared.ops.health import Heartbeat
from shared.store.engine import Store

LOOK_SECONDS = 5.0
log = structlog.get_logger()

_OLDEST = text("""
    SELECT o.position, extract(epoch FROM clock_timestamp() - e.occurred_at) AS age
    FROM outbox o LEFT JOIN event_log e ON e.district = o.district AND e.position = o.position
    ORDER BY o.position LIMIT 1
""")
_PARKED = text("""
    SELECT consumer, reason, count(*) AS records, extract(epoch FROM clock_timestamp() - min(parked_at)) AS age
    FROM dead_letter WHERE state = 'parked' GROUP BY consumer, reason
""")
_OFFSETS = text("SELECT consumer, topic, partition, next_offset FROM consumer_offset")
# One district compared on its own can add to what the last full comparison found, but never hide it.
_COMPARED = text("""
    SELECT c.projection, extract(epoch FROM max(c.compared_at)) AS compared_at, max(c.differences) AS differences,
           max(c.position) AS position
    FROM projection_comparison c
    WHERE c.compared_at >= coalesce((SELECT max(f.compared_at) FROM projection_comparison f
                                     WHERE f.projection = c.projection AND f.district IS NULL), '-infinity')
    GROUP BY c.projection
""")
_OLDEST_XMIN = text("SELECT oldest_xmin_seconds()")


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
            oldest = (await tx.execute(_OLDEST)).one_or_none()
            parked = (await tx.execute(_PARKED)).all()
            offsets = (await tx.execute(_OFFSETS)).all()
            compared = (await tx.execute(_COMPARED)).all()
            xmin = await tx.scalar(_OLDEST_XMIN)
        metrics.OUTBOX_OLDEST_SECONDS.set(self._age(*oldest) if oldest else 0)
        metrics.PG_OLDEST_XMIN_SECONDS.set(xmin)
        _show(metrics.DEAD_LETTERS_PARKED, (((row.consumer, row.reason), row.records) for row in parked))
        oldest_parked: dict[Sequence[str], float] = {}
        for row in parked:
            oldest_parked[row.consumer,] = max(row.age, oldest_parked.get((row.consumer,), 0))
        _show(metrics.DEAD_LETTER_OLDEST_SECONDS, oldest_parked.items())
        _show(
            metrics.CONSUMER_COMMITTED_OFFSET,
            (((row.consumer, row.topic, row.partition), row.next_offset) for row in offsets),
        )
        _show(metrics.PROJECTION_POSITION, (((row.projection,), row.position) for row in compared))
        _show(metrics.PROJECTION_DRIFT, (((row.projection,), row.differences) for row in compared))
        _show(metrics.PROJECTION_COMPARED, (((row.projection,), row.compared_at) for row in compared))

    def _age(self, position: int, age: float | None) -> float:
        """Return an outbox row's age in seconds; a raw row has no time, so it counts from when it was first seen."""
        if position != self._first[0]:
            self._first = (position, time.monotonic())
        return age if age is not None else time.monotonic() - self._first[1]


def _show(gauge: Gauge, rows: Iterable[tuple[Sequence[Any], float]]) -> None:
    """Let a gauge have these labels and no others: what is no longer there is no longer shown."""
    gauge.clear()
    for labels, value in rows:
        gauge.labels(*labels).set(float(value))
