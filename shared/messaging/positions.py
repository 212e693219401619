"""Where consumers go on in each partition: the table ``consumer_offset``, which alone decides it.

Invariant: within a group a position moves only from where the mover believes it to be (``move``); an end that was
asked for is of that moment; what comes after it is not waited for.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from aiokafka import TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.topics import TOPICS
from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.servers import KafkaServers

End: TypeAlias = tuple[str, int, int]
"""A physical topic, a partition, and the offset that comes next in it."""

# By its full name: a replay looks for tables in its shadow first.
_READ = text("SELECT consumer, topic, partition, next_offset FROM public.consumer_offset")
_BEGIN = text("""
    INSERT INTO consumer_offset (consumer, topic, partition, next_offset)
    SELECT :consumer, * FROM unnest(CAST(:topic AS text[]), CAST(:partition AS int[]), CAST(:next_offset AS bigint[]))
    ON CONFLICT DO NOTHING
""")
_MOVE = text("""
    UPDATE consumer_offset c SET next_offset = b.next_offset
    FROM unnest(CAST(:topic AS text[]), CAST(:partition AS int[]), CAST(:expected AS bigint[]),
                CAST(:next_offset AS bigint[])) AS b(topic, partition, expected, next_offset)
    WHERE c.consumer = :consumer AND c.topic = b.topic AND c.partition = b.partition AND c.next_offset = b.expected
""")
_SET = text("""
    UPDATE consumer_offset c SET next_offset = b.next_offset
    FROM unnest(CAST(:topic AS text[]), CAST(:partition AS int[]), CAST(:next_offset AS bigint[]))
         AS b(topic, partition, next_offset)
    WHERE c.consumer = :consumer AND c.topic = b.topic AND c.partition = b.partition
""")


Offsets = Mapping[TopicPartition, int]


class Position(NamedTuple):
    """Where a consumer goes on in a partition."""

    consumer: str
    topic: str
    partition: int
    next_offset: int


async def read_positions(tx: AsyncConnection) -> list[Position]:
    """Return the positions of every consumer of the database."""
    return [Position(*row) for row in await tx.execute(_READ)]


async def positions_of(tx: AsyncConnection, consumer: str) -> dict[TopicPartition, int]:
    """Return where a consumer goes on in each partition that it has ever been given."""
    return {
        TopicPartition(at.topic, at.partition): at.next_offset
        for at in await read_positions(tx)
        if at.consumer == consumer
    }


async def begin(tx: AsyncConnection, consumer: str, offsets: Offsets) -> None:
    """Give a consumer a position in those partitions in which it has none."""
    await tx.execute(_BEGIN, _values(consumer, offsets))


async def move(tx: AsyncConnection, consumer: str, moves: Mapping[TopicPartition, tuple[int, int]]) -> bool:
    """Move positions, each from where it is expected to where it shall be; return whether all were there."""
    values = _values(consumer, {partition: end for partition, (_, end) in moves.items()})
    moved = await tx.execute(_MOVE, {**values, "expected": [expected for expected, _ in moves.values()]})
    return moved.rowcount == len(moves)


async def set_positions(tx: AsyncConnection, consumer: str, offsets: Offsets) -> int:
    """Set positions that a consumer has, whatever they are; return how many."""
    return (await tx.execute(_SET, _values(consumer, offsets))).rowcount


def _values(consumer: str, offsets: Offsets) -> dict[str, object]:
    return {
        "consumer": consumer,
        "topic": [partition.topic for partition in offsets],
        "partition": [partition.partition for partition in offsets],
        "next_offset": list(offsets.values()),
    }


class Positions:
    """The ends of topics, and how far a service's projections have come.

    What another service had published before ``ends_of`` was called is in them once ``have_passed`` says so.
    """

    def __init__(self, consumer: str, servers: KafkaServers, prefix: str) -> None:
        self._consumer = consumer
        self._servers = servers
        self._prefix = prefix

    async def ends_of(self, topics: Sequence[str]) -> list[End]:
        """Return where these topics end now. Raises KafkaError where one is not there."""
        unknown = [topic for topic in topics if topic not in TOPICS]
        if unknown:
            raise ValueError(f"no such topics: {unknown}")
        ends = await end_offsets(self._servers, [self._prefix + topic for topic in topics])
        return [(at.topic, at.partition, offset) for at, offset in ends.items()]

    async def have_passed(self, tx: AsyncConnection, ends: Sequence[End]) -> bool:
        """Return whether the service's consumer has handled everything before these ends."""
        reached = await positions_of(tx, self._consumer)
        return all(reached.get(TopicPartition(topic, partition), 0) >= offset for topic, partition, offset in ends)
