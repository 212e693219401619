"""Where topics end, and whether our own projections have come that far.

Invariant: an end is of the moment it was asked for; what comes after it is not waited for.
"""

from collections.abc import Sequence
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.topics import TOPICS

End: TypeAlias = tuple[str, int, int]
"""A physical topic, a partition, and the offset that comes next in it."""

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


class Positions:
    """The ends of topics, and how far a service's projections have come.

    What another service had published before ``ends_of`` was called is in them once ``have_passed`` says so.
    """

    def __init__(self, consumer: str, bootstrap_servers: str, prefix: str) -> None:
        self._consumer = consumer
        self._servers = bootstrap_servers
        self._prefix = prefix

    async def ends_of(self, topics: Sequence[str]) -> list[End]:
        """Return where these topics end now. Raises KafkaError where one is not there."""
        unknown = [topic for topic in topics if topic not in TOPICS]
        if unknown:
            raise ValueError(f"no such topics: {unknown}")
        ends = await end_offsets(self._servers, [self._prefix + topic for topic in topics])
        return [(topic, partition, offset) for (topic, partition), offset in ends.items()]

    async def have_passed(self, tx: AsyncConnection, ends: Sequence[End]) -> bool:
        """Return whether the service's consumer has handled everything before these ends."""
        rows = (await tx.execute(_OFFSETS, {"consumer": self._consumer})).all()
        reached = {(row.topic, row.partition): row.next_offset for row in rows}
        return all(reached.get((topic, partition), 0) >= offset for topic, partition, offset in ends)
