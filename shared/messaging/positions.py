"""Where topics end, and whether our own projections have come that far.

Invariant: what another service had published before ``pass_end_of`` was called is in our projections when it returns.
"""

import asyncio
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text

from shared.contracts.topics import TOPICS
from shared.store.engine import Store

_POLL_SECONDS = 0.1
_OFFSETS = text("SELECT topic, partition, next_offset FROM consumer_offset WHERE consumer = :consumer")


async def end_offsets(bootstrap_servers: str, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """Return the end offset of every partition of physical ``topics``. Raises KafkaError where one is not there."""
    if not topics:
        return {}  # aiokafka cancels its caller where it is stopped before it has asked for anything
    # Subscribed from the start: `start` then waits for their partitions; else there would be none, and no end.
    client = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap_servers)
    await client.start()
    try:
        partitions = [TopicPartition(topic, p) for topic in topics for p in client.partitions_for_topic(topic) or ()]
        return {(tp.topic, tp.partition): offset for tp, offset in (await client.end_offsets(partitions)).items()}
    finally:
        await client.stop()


async def pass_end_of(
    topics: Sequence[str],
    on_wait: Callable[[], None],
    *,
    store: Store,
    consumer: str,
    bootstrap_servers: str,
    prefix: str,
) -> None:
    """Wait until ``consumer`` has handled everything that is in ``topics`` now; call ``on_wait`` each time round."""
    unknown = [topic for topic in topics if topic not in TOPICS]
    if unknown:
        raise ValueError(f"no such topics: {unknown}")
    ends = await end_offsets(bootstrap_servers, [prefix + topic for topic in topics])
    while True:
        async with store.transaction() as tx:
            rows = (await tx.execute(_OFFSETS, {"consumer": consumer})).all()
        reached = {(row.topic, row.partition): row.next_offset for row in rows}
        if all(reached.get(partition, 0) >= end for partition, end in ends.items()):
            return
        on_wait()
        await asyncio.sleep(_POLL_SECONDS)
