"""Holes: offsets that no record has. Kafka promises that offsets rise, not that each is a record's.

Invariant: a stretch of offsets is a hole only if somebody has read over it and nothing was in it. The end of a
transaction takes an offset, an aborted one all of its own; compaction leaves those of what it has removed. What a
topic has dropped is no hole, and neither is what was passed over: both hold events that nobody has read.
"""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from shared.messaging.kafka_metadata import ISOLATION, Extent
from shared.messaging.servers import KafkaServers

_WAIT_MS = 200


async def without_records(servers: KafkaServers, stretches: Mapping[TopicPartition, Extent]) -> set[TopicPartition]:
    """Return the partitions whose stretch is a hole. Raises KafkaError; may wait for ever where a partition is away."""
    if not stretches:
        return set()
    client = AIOKafkaConsumer(
        **servers.options(),
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level=ISOLATION,
    )
    try:
        await client.start()
        client.assign(list(stretches))
        for partition, stretch in stretches.items():
            client.seek(partition, stretch.beginning)
        return await _read_over(client, stretches)
    finally:
        await client.stop()


async def _read_over(client: AIOKafkaConsumer, stretches: Mapping[TopicPartition, Extent]) -> set[TopicPartition]:
    holes, unread = set(), set(stretches)
    while unread:
        try:
            found = await client.getmany(*unread, timeout_ms=_WAIT_MS)
        except OffsetOutOfRangeError as dropped:
            unread -= dropped.args[0].keys()
            continue
        unread -= {partition for partition, records in found.items() if records[0].offset < stretches[partition].end}
        over = {partition for partition in unread if await client.position(partition) >= stretches[partition].end}
        holes |= over
        unread -= over
    return holes
