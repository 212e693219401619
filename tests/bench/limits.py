"""Limits of the path: a relay alone with a full outbox, a consumer alone with a full topic."""

import time
from collections.abc import Awaitable, Callable
from functools import partial

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text

from shared.contracts import ServiceLogged
from shared.contracts.topics import TOPICS
from shared.store.engine import Store
from tests.bench.setting import Setting
from tests.bench.tally import taken_in
from tests.support.infrastructure import Urls

_REFILL = text("INSERT INTO outbox (district, position) SELECT district, position FROM event_log WHERE topic = :topic")


async def bare_relay(setting: Setting, urls: Urls, events: int) -> float:
    """Relay every service record of an event log once more, to topics of its own; return events/s."""
    store = Store(urls.worker)
    async with store.transaction() as tx:
        await tx.execute(_REFILL, {"topic": ServiceLogged.topic})
    await store.close()
    prefix = await setting.new_topics()
    client = AIOKafkaConsumer(bootstrap_servers=setting.bootstrap_servers)
    await client.start()
    topic = prefix + ServiceLogged.topic
    partitions = [TopicPartition(topic, number) for number in range(TOPICS[ServiceLogged.topic].partitions)]

    async def relayed() -> int:
        return sum((await client.end_offsets(partitions)).values())

    setting.start("bare relay", "tests.bench.roles", "relay", DATABASE_URL=urls.worker)
    rate = await rate_of(setting, relayed, events)
    setting.stop("bare relay")
    await client.stop()
    return rate


async def bare_consumer(setting: Setting, urls: Urls, events: int) -> float:
    """Return events/s of the consumer that has just been started on the database of ``urls``, until it has them all."""
    store = Store(urls.worker)
    rate = await rate_of(setting, partial(taken_in, store), events)
    await store.close()
    return rate


async def rate_of(setting: Setting, count: Callable[[], Awaitable[int]], events: int) -> float:
    """Return events/s from the moment the count begins to rise until it is at ``events``."""
    began: list[tuple[float, int]] = []

    async def complete() -> bool:
        done = await count()
        if done and not began:
            began.append((time.monotonic(), done))
        return done >= events

    await setting.until(complete)
    moment, done = began[0]
    return (events - done) / (time.monotonic() - moment)
