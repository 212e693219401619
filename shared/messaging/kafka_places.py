"""Where events are in Kafka: the partition and offset of each, found by its key and its time.

Invariant: an offset is given only for a record that was read and carries the event's id; the first one, where the relay
sent it twice. An event that is not there is said to be absent.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.envelope import UndecodableEventError, read_attributes
from shared.contracts.received import Received
from shared.messaging.kafka_metadata import subscribed
from shared.messaging.partitioner import agreed_partitions, partition_index
from shared.messaging.servers import KafkaServers

_CLOCKS_SECONDS = 2 * 60 * 60
"""How far apart the clocks of two machines may be."""


class Place(NamedTuple):
    """A record's place in a topic."""

    topic: str
    partition: int
    offset: int


class Sought(NamedTuple):
    """What is known of an event whose place is sought: its logical topic, the key of its record, its id and time."""

    topic: str
    key: str
    event_id: UUID
    time: datetime


async def locate(servers: KafkaServers, prefix: str, events: Sequence[Received[Any]]) -> Mapping[UUID, Place]:
    """Return the places of those events that Kafka still holds. A partition is read once, from its first event on."""
    known = [(event.data.topic, event.attributes) for event in events]
    return await find(servers, prefix, [Sought(topic, one.subject, one.id, one.time) for topic, one in known])


async def find(servers: KafkaServers, prefix: str, events: Sequence[Sought]) -> Mapping[UUID, Place]:
    """Do the same of events of which no more is at hand than what they are sought by."""
    topics = sorted({prefix + event.topic for event in events})
    if not topics:
        return {}
    async with subscribed(servers, topics) as client:
        sought: dict[TopicPartition, dict[UUID, float]] = defaultdict(dict)
        for event in events:
            partition = partition_index(event.key.encode(), agreed_partitions(event.topic))
            sought[TopicPartition(prefix + event.topic, partition)][event.event_id] = event.time.timestamp()
        places: dict[UUID, Place] = {}
        client.unsubscribe()
        client.assign(list(sought))
        ends = await client.end_offsets(list(sought))
        # A record's time is the moment that it was sent, by another clock, perhaps, than its event's.
        starts = await client.offsets_for_times(
            {tp: int((min(ids.values()) - _CLOCKS_SECONDS) * 1000) for tp, ids in sought.items()}
        )
        for partition, ids in sought.items():
            start = starts[partition]
            if start is not None:
                client.seek(partition, start.offset)
                await _read(client, partition, ends[partition], set(ids), places)
        return places


async def _read(
    client: AIOKafkaConsumer, partition: TopicPartition, end: int, ids: set[UUID], places: dict[UUID, Place]
) -> None:
    while ids and await client.position(partition) < end:
        for record in (await client.getmany(partition, timeout_ms=500, max_records=5000)).get(partition, ()):
            try:
                event_id = read_attributes(record.headers).id
            except UndecodableEventError:
                continue
            if event_id in ids:
                ids.discard(event_id)
                places[event_id] = Place(partition.topic, partition.partition, record.offset)
