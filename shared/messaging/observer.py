"""The observer: what operators watch and only the database knows, as gauges, and kept for the api to show.

Invariant: every gauge it sets is of one and the same look, and so is what it keeps; it writes nothing else. It runs in
the process that relays, once a service, so that these figures stand whatever becomes of the consumers.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Gauge

from shared.messaging.fault_kinds import is_transient
from shared.messaging.observation import Observation, Parked, View, note, view
from shared.ops import metrics
from shared.ops.health import Heartbeat
from shared.store.engine import Store
from shared.store.event_log import now

LOOK_SECONDS, KEEP_SECONDS = 5.0, 15.0
log = structlog.get_logger()


class Observer:
    """Looks at one service's database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first: tuple[int, float] = (0, 0.0)
        self._handled: Counter[str] = Counter()
        self._moved_at: dict[str, datetime] = {}
        self._kept = 0.0

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
        """Set every gauge from the database as it is now; keep the look where the one that is kept is old."""
        async with self._store.transaction() as tx:
            seen = await view(tx)
            self._follow(seen)
            if time.monotonic() - self._kept > KEEP_SECONDS:
                await note(tx, Observation(now(), seen, self._moved_at))
                self._kept = time.monotonic()
        metrics.OUTBOX_OLDEST_SECONDS.set(self._age(*seen.oldest) if seen.oldest else 0)
        metrics.PG_OLDEST_XMIN_SECONDS.set(seen.oldest_xmin_seconds)
        _show(metrics.DEAD_LETTERS_PARKED, (((p.consumer, p.reason), p.records) for p in seen.parked))
        _show(metrics.DEAD_LETTER_OLDEST_SECONDS, _oldest_parked(seen.parked).items())
        _show(metrics.CONSUMER_COMMITTED_OFFSET, ((offset[:3], offset.next_offset) for offset in seen.offsets))
        _show(metrics.WORK_OPEN, (((w.kind,), w.open) for w in seen.work))
        _show(metrics.WORK_DUE_SECONDS, (((w.kind,), w.due_seconds) for w in seen.work))
        _show(metrics.WORK_GIVEN_UP, (((w.kind,), w.given_up) for w in seen.work))
        _show(metrics.PROJECTION_POSITION, (((c.projection,), c.position) for c in seen.compared))
        _show(metrics.PROJECTION_DRIFT, (((c.projection,), c.differences) for c in seen.compared))
        _show(metrics.EVENTS_MISSING, (((c.consumer, c.event.rpartition(".")[2]), c.missing) for c in seen.missing))
        _show(metrics.PROJECTION_COMPARED, (((c.projection,), c.compared_at.timestamp()) for c in seen.compared))

    def _follow(self, seen: View) -> None:
        """Note which consumers have moved since the last look."""
        handled = Counter[str]()
        for position in seen.offsets:
            handled[position.consumer] += position.next_offset
        moved = [consumer for consumer, events in handled.items() if events != self._handled[consumer]]
        self._handled, self._moved_at = handled, self._moved_at | dict.fromkeys(moved, now())

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
