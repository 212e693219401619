"""The whole path at once: writer, relay and consumer, each a process of its own, all at work at the same time."""

import time
from functools import partial

from shared.store.engine import Store
from tests.bench.figure import Figure
from tests.bench.limits import bare_consumer, bare_relay
from tests.bench.setting import Setting
from tests.bench.tally import counted, is_assigned, taken_in, tally_database

NAME = "whole-path"
EVENTS = 200_000
_ROLES = "tests.bench.roles"
_WRITING = {"TOTAL": str(EVENTS), "SIZE": "50", "RATE": "0", "WRITERS": "4"}


async def measure(setting: Setting) -> list[Figure]:
    """From the writer's first transaction until the projection shows the last event."""
    source, projection = await setting.database("activities"), await tally_database(setting)
    await setting.new_topics()
    store = Store(projection.worker)
    setting.start("relay", _ROLES, "relay", DATABASE_URL=source.worker)
    setting.start("consumer", _ROLES, "consumer", DATABASE_URL=projection.worker)
    await setting.until(partial(is_assigned, store))

    async def complete() -> bool:
        return await taken_in(store) >= EVENTS

    async with setting.watched():
        setting.start("writer", _ROLES, "writer", DATABASE_URL=source.api, **_WRITING)
        await setting.until(complete)
        ended = time.time()
    written = await setting.result("writer")
    if await counted(store) != EVENTS:
        raise AssertionError("events were lost or doubled")
    await store.close()
    setting.stop()
    relay = await bare_relay(setting, source, EVENTS)
    projection = await tally_database(setting)
    setting.start("bare consumer", _ROLES, "consumer", DATABASE_URL=projection.worker)
    limit = min(relay, await bare_consumer(setting, projection, EVENTS))
    return [
        Figure(
            work="whole path at once, writer to projection (limit: the slower of relay and consumer, each alone)",
            value=EVENTS / (ended - written["started"]),
            unit="events/s",
            limit=limit,
            target=12_000,
        )
    ]
