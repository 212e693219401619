"""How far a consumer has come: the metrics of it, and whether that is progress.

Invariant: progress is a position that has moved, or stands at the end that Kafka itself names just now. That a poll
came back says nothing: a fetcher that has died inside the client polls empty for ever.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from aiokafka import TopicPartition

from shared.contracts.topics import TOPICS
from shared.messaging.records import Record
from shared.ops import metrics

_PLACE = attrgetter("topic", "partition")
Positions = Mapping[TopicPartition, int]


class Progress:
    """What is known of one group's partitions in this process."""

    def __init__(self, group: str, prefix: str) -> None:
        self._group = group
        self._prefix = prefix
        self._positions: Positions = {}
        self._next_times: dict[TopicPartition, float] = {}

    def take_up(self, records: Sequence[Record]) -> None:
        """Note when the first record of each partition of a batch was written: none after it is older."""
        for place, run in groupby(records, _PLACE):
            self._next_times[TopicPartition(*place)] = next(run).timestamp / 1000

    def commit(self, partitions: Mapping[TopicPartition, object]) -> None:
        """Note that the records last taken up are done with."""
        for partition in partitions:
            self._next_times.pop(partition, None)
            metrics.CONSUMER_LAST_PROGRESS.labels(self._group, *partition).set_to_current_time()

    def still(self, positions: Positions, ends: Positions) -> set[TopicPartition]:
        """Return the partitions that stand where they stood at the last look, and that is before their end."""
        return {p for p, position in positions.items() if self._positions.get(p) == position < ends[p]}

    def look(self, positions: Positions, ends: Positions, resting: Collection[TopicPartition]) -> bool:
        """Show how far partitions are; return whether any moved, or all but ``resting`` are at their end."""
        at_end = {partition for partition, position in positions.items() if position >= ends[partition]}
        moved = any(self._positions.get(partition) != position for partition, position in positions.items())
        for partition in self._positions.keys() - positions.keys():
            self._forget(partition)
        for partition, position in positions.items():
            metrics.CONSUMER_LAG.labels(self._group, *partition).set(max(0, ends[partition] - position))
        for partition in at_end:
            metrics.CONSUMER_LAST_PROGRESS.labels(self._group, *partition).set_to_current_time()
        for topic in {partition.topic for partition in positions}:
            self._show_headroom(
                topic, {partition for partition in positions.keys() - at_end if partition.topic == topic}
            )
        self._positions = dict(positions)
        return moved or positions.keys() <= at_end | set(resting)

    def _forget(self, partition: TopicPartition) -> None:
        """Stop showing a partition that another process has now."""
        self._next_times.pop(partition, None)
        for gauge in (metrics.CONSUMER_LAG, metrics.CONSUMER_LAST_PROGRESS):
            gauge.remove(self._group, *partition)

    def _show_headroom(self, topic: str, behind: set[TopicPartition]) -> None:
        retention = TOPICS[topic.removeprefix(self._prefix)].retention
        times = [self._next_times[partition] for partition in behind if partition in self._next_times]
        if retention is None or (behind and not times):
            return  # kept for ever, or not a record of what waits has been seen yet
        waited = timedelta(seconds=time.time() - min(times)) if times else timedelta()
        metrics.RETENTION_HEADROOM.labels(self._group, topic).set((retention - waited).total_seconds())
