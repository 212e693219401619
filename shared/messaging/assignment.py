"""The partitions that this process has been given, and where it believes its group to stand in each.

Invariant: only a position that was read from the database is believed, or one that a committed batch has moved. The
load-bearing statement is the fence, ``positions.move``: where fewer rows move than there are partitions in a batch,
somebody else has moved on and everything is rolled back.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.topics import TOPICS
from shared.messaging import positions
from shared.messaging.kafka_metadata import Extent
from shared.messaging.reactions import Reactions
from shared.messaging.records import Record
from shared.messaging.subscription import MissingHistory, begins_too_late
from shared.store.engine import Store

_PLACE = attrgetter("topic", "partition")
Moves = Mapping[TopicPartition, tuple[int, int]]
"""For each partition, where it is expected to stand and where a batch takes it."""
Stretches = Mapping[TopicPartition, Extent]
"""A part of each partition."""


def stretches_of(records: Iterable[Record]) -> Stretches:
    """Return what a batch is of each partition: from its first record up to what comes after its last."""
    read: dict[TopicPartition, Extent] = {}
    for place, run in groupby(records, _PLACE):
        partition, offsets = TopicPartition(*place), [record.offset for record in run]
        first, _ = read.get(partition, (offsets[0], 0))
        read[partition] = Extent(first, offsets[-1] + 1)
    return read


class FencedError(Exception):
    """The database's offsets are not where this process believes them to be."""


class PositionLostError(Exception):
    """The topic no longer holds the position that comes next: events are lost to us until the projection is rebuilt."""


class Assignment:
    """One group's partitions in this process."""

    def __init__(self, reactions: Reactions, store: Store, prefix: str) -> None:
        self._reactions, self._store, self._prefix = reactions, store, prefix
        self._group = reactions.service
        self.expected: dict[TopicPartition, int] = {}
        """The offset that comes next in each partition whose position is known."""

    async def seek(self, client: AIOKafkaConsumer, partitions: set[TopicPartition]) -> None:
        """Seek to what the database says. Raises PositionLostError, and HistoryMissingError where it says nothing."""
        beginnings = await client.beginning_offsets(partitions)
        async with self._store.transaction() as tx:
            known = await positions.positions_of(tx, self._group)
            if new := partitions - known.keys():
                self._check_beginnings({partition: beginnings[partition] for partition in new})
                await positions.begin(tx, self._group, {partition: beginnings[partition] for partition in new})
                known = await positions.positions_of(tx, self._group)
        ends = await client.end_offsets(partitions)
        for partition in partitions & known.keys() & client.assignment():
            beginning, next_offset, end = beginnings[partition], known[partition], ends[partition]
            if not beginning <= next_offset <= end:
                raise PositionLostError(
                    f"{partition.topic}[{partition.partition}] holds {beginning} to {end}, next would be {next_offset}"
                )
            client.seek(partition, next_offset)
            self.expected[partition] = next_offset

    def _check_beginnings(self, beginnings: positions.Offsets) -> None:
        cut = [
            partition
            for partition, beginning in beginnings.items()
            if begins_too_late(self._reactions, partition.topic.removeprefix(self._prefix), beginning)
        ]
        if cut:
            raise MissingHistory(frozenset(), frozenset(cut)).error(self._group)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Believe nothing of them until they are sought again."""
        for partition in partitions:
            self.expected.pop(partition, None)

    def rewind(self, client: AIOKafkaConsumer, partitions: set[TopicPartition]) -> None:
        """Let the client read on from the last position that is known to be committed."""
        for partition in partitions & client.assignment():
            client.seek(partition, self.expected[partition])

    def gaps(self, batch: Stretches) -> Stretches:
        """Return what lies between where we stand and where a batch begins. Raises FencedError where it begins before.

        A compacted topic leaves out what others have replaced: there nothing can be asked about it.
        """
        gaps = {partition: Extent(self.expected[partition], read.beginning) for partition, read in batch.items()}
        for partition, gap in gaps.items():
            if gap.end < gap.beginning:
                raise FencedError(f"{partition.topic}[{partition.partition}] is at {gap.end}, not {gap.beginning}")
        return {partition: gap for partition, gap in gaps.items() if gap.end > gap.beginning and self._keeps(partition)}

    def _keeps(self, partition: TopicPartition) -> bool:
        return TOPICS[partition.topic.removeprefix(self._prefix)].cleanup != "compact"

    def moves(self, batch: Stretches) -> Moves:
        """Return where a batch takes each partition."""
        return {partition: (self.expected[partition], read.end) for partition, read in batch.items()}

    async def fence(self, tx: AsyncConnection, moves: Moves) -> None:
        """Move the group's positions in a batch's transaction. Raises FencedError where they are not where we think."""
        if not await positions.move(tx, self._group, moves):
            raise FencedError("another consumer has moved on")

    def committed(self, moves: Moves) -> None:
        """Take in that a batch's transaction has committed."""
        for partition, (_, end) in moves.items():
            self.expected[partition] = end
