"""A projection's events as the topics hold them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer

from shared.contracts.envelope import UndecodableEventError, read_attributes
from shared.contracts.received import Received, StateRecord
from shared.contracts.topics import TOPICS
from shared.messaging.kafka_metadata import ISOLATION, extents
from shared.messaging.positions import Offsets
from shared.messaging.reactions import Rebuildable
from shared.messaging.records import Record, state_of
from shared.messaging.replay.rows import EventRows
from shared.messaging.replay.source import EventBatch, EventTypes, Scope
from shared.messaging.servers import KafkaServers

_RECORDS = 5_000


class RetentionCutError(Exception):
    """A topic no longer holds its first records: it cannot tell the whole story, the event log can."""


class TopicRecords:
    """The topics of a projection, from their beginnings to ``ends``: where the live consumer is.

    A compacted topic holds each key's last value; as its newest segment is never compacted, what the live consumer has
    read of it is there unless the consumer is more than a segment behind.
    """

    repeats = True  # whatever the relay sent twice is there twice

    def __init__(
        self,
        servers: KafkaServers,
        prefix: str,
        rebuilt: Rebuildable,
        scope: Scope,
        ends: Offsets,
        after: Offsets | None = None,
    ) -> None:
        """``after`` is where an earlier reading ended; None: from the beginnings."""
        self._servers, self._prefix, self._scope, self._ends = servers, prefix, scope, ends
        self._after = after or {}
        self._types = EventTypes(rebuilt.events)
        self._states = {topic.name for topic in rebuilt.states}
        self._topics = sorted(prefix + name for name in {e.topic for e in rebuilt.events} | self._states)
        self._starts: Offsets = {}

    async def count(self) -> int:
        """Return how many records there are to read, at most. Raises RetentionCutError."""
        beginnings = {place: extent.beginning for place, extent in (await extents(self._servers, self._topics)).items()}
        for (topic, partition), beginning in beginnings.items():
            if beginning and TOPICS[topic.removeprefix(self._prefix)].cleanup != "compact":
                raise RetentionCutError(
                    f"{topic}[{partition}] begins at offset {beginning}: what came before is past its retention "
                    "and in the event log alone. Replay from there (--from event-log)."
                )
        self._starts = {place: max(start, self._after.get(place, 0)) for place, start in beginnings.items()}
        return sum(max(0, self._ends.get(place, 0) - start) for place, start in self._starts.items())

    async def in_bulk(self) -> AsyncIterator[EventRows]:
        """Give none: a topic has no rows."""
        nothing: tuple[EventRows, ...] = ()
        for rows in nothing:
            yield rows

    async def batches(self) -> AsyncIterator[EventBatch]:
        """Give what the topics hold up to the ends; ``count`` has found where they begin."""
        starts = self._starts
        open_ends = {place: end for place, end in self._ends.items() if end > starts.get(place, end)}
        if not open_ends:
            return  # aiokafka's stop() raises CancelledError at a client that was assigned partitions just before
        client = AIOKafkaConsumer(
            **self._servers.options(),
            enable_auto_commit=False,
            fetch_max_bytes=8 << 20,
            isolation_level=ISOLATION,
        )
        await client.start()
        try:
            client.assign(list(open_ends))
            for place in open_ends:
                client.seek(place, starts[place])
            while open_ends:
                fetched = await client.getmany(*open_ends, timeout_ms=500, max_records=_RECORDS)
                records = [r for place, part in fetched.items() for r in part if r.offset < open_ends[place]]
                if records:
                    yield self._batch(records)
                for place in list(open_ends):
                    if await client.position(place) >= open_ends[place]:
                        del open_ends[place]
        finally:
            await client.stop()

    def _batch(self, records: Sequence[Record]) -> EventBatch:
        events, states = [], {topic: list[StateRecord]() for topic in self._states}
        for record in records:
            topic = record.topic.removeprefix(self._prefix)
            try:
                if topic in self._states:
                    states[topic].append(state_of(record))
                elif event := self._event(record):
                    events.append(event)
            except UndecodableEventError:
                continue  # the live consumer has parked it: it is in no projection
        return EventBatch(events, states, 0, len(records))

    def _event(self, record: Record) -> Received[Any] | None:
        attributes = read_attributes(record.headers)
        if not self._types.follows(attributes):
            return None
        if self._scope.until is not None and attributes.time >= self._scope.until:
            return None
        if self._scope.district not in (None, attributes.district):
            return None
        return Received(attributes, self._types.read(attributes, record.value or b""))
