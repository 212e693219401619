"""How long after its commit an event is visible in the projection, at a steady 1,000 events/s."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from statistics import quantiles
from typing import Any

import asyncpg

from shared.store.engine import Store
from tests.bench.figure import Figure
from tests.bench.setting import Setting
from tests.bench.tally import is_assigned, tally_database

NAME = "latency"
EVENTS, RATE, SIZE = 30_000, 1000, 10
_ROLES = "tests.bench.roles"
_PACE = {"TOTAL": str(EVENTS), "RATE": str(RATE), "SIZE": str(SIZE), "WRITERS": "2"}


async def measure(setting: Setting) -> list[Figure]:
    """Each event's time from the return of its commit to the return of the projection's commit."""
    p50, p99 = await _commit_to_projection(setting)
    beside_p50, beside_p99 = await _commit_to_projection(setting, beside_another=True)
    bare_p50, bare_p99 = await _produce_to_consume(setting)
    work = f"commit to projection visible at {RATE:,} events/s, {{}} (limit: produce to consume of a bare client)"
    return [
        Figure(work.format("p50"), p50, "ms", bare_p50, 40),
        Figure(work.format("p99"), p99, "ms", bare_p99, 150),
        Figure(work.format("another transaction open all the time, p50"), beside_p50, "ms", bare_p50, 40),
        Figure(work.format("another transaction open all the time, p99"), beside_p99, "ms", bare_p99, 150),
    ]


async def _commit_to_projection(setting: Setting, *, beside_another: bool = False) -> tuple[float, float]:
    source, projection = await setting.database("activities"), await tally_database(setting)
    await setting.new_topics()
    store = Store(projection.worker)
    setting.start("relay", _ROLES, "relay", DATABASE_URL=source.worker)
    setting.start("consumer", _ROLES, "timed_consumer", DATABASE_URL=projection.worker, TOTAL=str(EVENTS))
    await setting.until(partial(is_assigned, store))
    await store.close()
    another = _long_transaction(source.owner) if beside_another else nullcontext()
    async with another, setting.watched():
        setting.start("writer", _ROLES, "writer", DATABASE_URL=source.api, **_PACE)
        visible = await setting.result("consumer")
    committed = (await setting.result("writer"))["committed"]
    setting.stop()
    return _percentiles(committed, visible)


@asynccontextmanager
async def _long_transaction(url: str) -> AsyncIterator[None]:
    """Hold a snapshot and a transaction's number, as a comparison does for its whole length (review D6)."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            await connection.execute("CREATE TEMPORARY TABLE compared AS SELECT count(*) FROM event_log")
            yield
    finally:
        await connection.close()


async def _produce_to_consume(setting: Setting) -> tuple[float, float]:
    await setting.new_topics()
    setting.start("bare consumer", _ROLES, "bare_consumer", TOTAL=str(EVENTS))
    setting.start("bare writer", _ROLES, "bare_writer", **_PACE)
    received = await setting.result("bare consumer")
    return _percentiles((await setting.result("bare writer"))["committed"], received)


def _percentiles(begun: dict[str, float], ended: dict[str, Any]) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds, without the first second: processes warm up."""
    after = min(begun.values()) + 1
    times = quantiles([(ended[key] - moment) * 1000 for key, moment in begun.items() if moment > after], n=100)
    return times[49], times[98]
