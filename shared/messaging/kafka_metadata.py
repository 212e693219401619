"""What Kafka says of topics: their partitions, where each begins and where it ends."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import TopicAuthorizationFailedError

from shared.messaging.servers import KafkaServers

ISOLATION: Final = "read_committed"
"""Whoever reads events, or asks where they end, does it so: what a transaction takes back never happened."""


class Extent(NamedTuple):
    """What a partition holds: from ``beginning`` up to but not including ``end``."""

    beginning: int
    end: int


async def extents(servers: KafkaServers, topics: Sequence[str]) -> dict[TopicPartition, Extent]:
    """Return what every partition of physical ``topics`` holds. Raises KafkaError where one is not there."""
    if not topics:
        return {}  # aiokafka cancels its caller where it is stopped before it has asked for anything
    async with subscribed(servers, topics) as client:
        partitions = partitions_of(client)
        beginnings, ends = await client.beginning_offsets(partitions), await client.end_offsets(partitions)
    return {partition: Extent(beginnings[partition], ends[partition]) for partition in partitions}


async def end_offsets(servers: KafkaServers, topics: Sequence[str]) -> dict[TopicPartition, int]:
    """Return where every partition of physical ``topics`` ends. Raises KafkaError where one is not there."""
    return {partition: extent.end for partition, extent in (await extents(servers, topics)).items()}


async def partition_counts(servers: KafkaServers, topics: Sequence[str]) -> dict[str, int | None]:
    """Return how many partitions each physical topic has: 0 where it is not there, None where we may not know.

    Raises KafkaError.
    """
    admin = AIOKafkaAdminClient(**servers.options())
    try:
        await admin.start()
        found = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    forbidden = TopicAuthorizationFailedError.errno
    return {topic["topic"]: None if topic["error_code"] == forbidden else len(topic["partitions"]) for topic in found}


async def ends_of_those_there(servers: KafkaServers, topics: Collection[str]) -> dict[tuple[str, int], int]:
    """Return where the partitions of physical ``topics`` end; nothing of a topic that is not to be seen.

    Raises KafkaError.
    """
    there = await partition_counts(servers, sorted(topics))
    ends = await end_offsets(servers, [topic for topic, count in there.items() if count])
    return {(at.topic, at.partition): end for at, end in ends.items()}


@asynccontextmanager
async def subscribed(servers: KafkaServers, topics: Sequence[str]) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a client that knows the partitions of ``topics``. Raises KafkaError where one is not there."""
    # Subscribed from the start: `start` then waits for their partitions; else there would be none.
    client = AIOKafkaConsumer(*topics, **servers.options(), enable_auto_commit=False, isolation_level=ISOLATION)
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


def partitions_of(client: AIOKafkaConsumer) -> list[TopicPartition]:
    """Return every partition of the topics subscribed to, also those that other members of the group have."""
    return [
        TopicPartition(topic, p) for topic in client.subscription() for p in client.partitions_for_topic(topic) or ()
    ]
