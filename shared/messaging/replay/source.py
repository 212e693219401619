"""Where a replay's events come from: the producers' event logs, or the topics.

Invariant: events of one aggregate come in the order of their versions, as the consumer got them. Nothing is left out in
silence: where a topic no longer holds its beginning, reading it fails and says so.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import zip_longest
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.envelope import (
    Attributes,
    UndecodableEventError,
    decode,
    event_type_of,
    known_names,
    read_attributes,
)
from shared.contracts.event import Event
from shared.contracts.received import Received, StateRecord
from shared.contracts.topics import TOPICS
from shared.contracts.upcasters import split_type
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.rows import Span, select_of

T = TypeVar("T")
BATCH = 10_000
"""Events a batch: as many as keep both the database and this process busy, and fit in memory."""
AHEAD = 3
"""Batches or spans in hand: with one alone, decoding is over before the database is, and one waits for the other."""
_RECORDS = 5_000
Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
Offsets = Mapping[tuple[str, int], int]

# By district first, as the key has it: no sort, however long the log is. An aggregate is of one district.
# The columns from event_id on are the fields of Attributes.
_SELECTED = """
    FROM event_log
    WHERE split_part(type, '.v', 1) = ANY($1::text[]) AND ($2::text IS NULL OR district = $2)
      AND ($3::timestamptz IS NULL OR occurred_at < $3) AND ($4::uuid[] IS NULL OR event_id = ANY($4))
"""
_COUNT = "SELECT count(*)" + _SELECTED
_READ = f"""
    SELECT position, data::text, event_id, type, occurred_at, aggregate_id::text, aggregate_version, district
    {_SELECTED} AND type <> ALL($5::text[]) ORDER BY district, position
"""
SPAN = 100_000
"""Events of any type a span: enough that a statement costs little beside its rows, few enough that both databases are
busy."""
# Where each span begins, from the key's index alone; it ends where the next one does, and the last one with the log.
_STARTS = """
    SELECT district, position
    FROM (SELECT district, position, row_number() OVER (ORDER BY district, position) AS number
          FROM event_log WHERE $1::text IS NULL OR district = $1) numbered
    WHERE number % $2 = 1 ORDER BY district, position
"""
_OF_SPAN = """
    WHERE type = $1 AND ($2::text IS NULL OR district = $2) AND ($3::timestamptz IS NULL OR occurred_at < $3)
      AND (district, position) >= ($4, $5) AND ($6::text IS NULL OR (district, position) < ($6, $7))
"""


class RetentionCutError(Exception):
    """A topic no longer holds its first records: it cannot tell the whole story, the event log can."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events: those before ``until``, of ``district``, with one of ``ids``; None sets no bound."""

    until: datetime | None = None
    district: str | None = None
    ids: Collection[UUID] | None = None


class Batch(NamedTuple):
    """Some events or states in order. ``position`` is the last one's in its event log (0 for topics)."""

    events: Sequence[Received[Any]]
    states: Mapping[str, Sequence[StateRecord]]
    position: int
    size: int


class EventLogs:
    """The event logs of the services that publish a projection's events, read one after the other."""

    repeats = False

    def __init__(
        self, url_of: Callable[[str], str], rebuilt: Rebuildable, scope: Scope, snapshot: str | None = None
    ) -> None:
        """``snapshot`` is an exported one to read in, where a log is in the very database that is compared."""
        self._snapshot = snapshot
        self._types = _Types(rebuilt.events)
        # What is named by ids is little: it goes event by event.
        self._in_bulk = list(rebuilt.projection.in_bulk) if scope.ids is None else []
        self._url_of, self._scope = url_of, scope
        self._urls = [url_of(service) for service in sorted({event.publisher() for event in rebuilt.events})]
        ids = None if scope.ids is None else list(scope.ids)
        self._arguments = (self._types.names, scope.district, scope.until, ids)

    async def count(self) -> int:
        """Return how many events there are to read."""
        total = 0
        for url in self._urls:
            async with self._log(url) as log:
                total += await log.fetchval(_COUNT, *self._arguments)
        return total

    async def spans(self) -> AsyncIterator[Span]:
        """Give the events that are applied in bulk, as rows."""
        for event in self._in_bulk:
            wanted = (event.event_type(), self._scope.district, self._scope.until)
            async with self._log(self._url_of(event.publisher())) as log:
                starts = [tuple(start) for start in await log.fetch(_STARTS, self._scope.district, SPAN)]
                for start, end in zip_longest(starts, starts[1:], fillvalue=(None, None)):
                    rows = BytesIO()
                    query = select_of(event) + _OF_SPAN
                    copied = await log.copy_from_query(query, *wanted, *start, *end, output=rows, format="binary")
                    yield Span(event, rows.getbuffer(), int(copied.removeprefix("COPY ")))

    async def batches(self) -> AsyncIterator[Batch]:
        """Give all the others."""
        told = [event.event_type() for event in self._in_bulk]
        for url in self._urls:
            async with self._log(url) as log:
                cursor = await log.cursor(_READ, *self._arguments, told)
                while rows := await cursor.fetch(BATCH):
                    yield self._batch(rows)

    @asynccontextmanager
    async def _log(self, url: str) -> AsyncIterator[asyncpg.Connection]:
        """Open a producer's database in a transaction that can write nothing."""
        connection = await asyncpg.connect(url)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                if self._snapshot is not None:
                    await connection.execute(f"SET TRANSACTION SNAPSHOT '{self._snapshot}'")
                yield connection
        finally:
            await connection.close()

    def _batch(self, rows: Sequence[asyncpg.Record]) -> Batch:
        read = self._types.read
        events = [Received(attributes := Attributes(*row[2:]), read(attributes.type, row[1])) for row in rows]
        return Batch(events, {}, max(map(itemgetter(0), rows)), len(rows))


class LoggedEvent(NamedTuple):
    """An event as its log has it: its position there, and who or what caused it."""

    event: Received[Any]
    position: int
    caused_by: str


_OF_VOLUNTEER = """
    SELECT position, caused_by, data::text, event_id, type, occurred_at, aggregate_id::text, aggregate_version, district
    FROM event_log
    WHERE district = $2 AND split_part(type, '.v', 1) = ANY($1::text[]) AND data ->> 'volunteer_id' = $3::uuid::text
      AND ($4::timestamptz IS NULL OR occurred_at < $4)
    ORDER BY position
"""


async def of_volunteer(
    url: str, events: Collection[type[Event]], district: str, volunteer_id: UUID, until: datetime | None
) -> list[LoggedEvent]:
    """Return a volunteer's events of some types, in log order. Reads the district's log from end to end."""
    types = _Types(events)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(readonly=True):
            rows = await connection.fetch(_OF_VOLUNTEER, types.names, district, volunteer_id, until)
    finally:
        await connection.close()
    return [
        LoggedEvent(Received(attributes := Attributes(*row[3:]), types.read(attributes.type, row[2])), row[0], row[1])
        for row in rows
    ]


class Topics:
    """The topics of a projection, from their beginnings to ``ends``: where the live consumer is.

    A compacted topic holds each key's last value; as its newest segment is never compacted, what the live consumer has
    read of it is there unless the consumer is more than a segment behind.
    """

    repeats = True  # whatever the relay sent twice is there twice

    def __init__(self, bootstrap_servers: str, prefix: str, rebuilt: Rebuildable, scope: Scope, ends: Offsets) -> None:
        self._servers, self._prefix, self._scope, self._ends = bootstrap_servers, prefix, scope, ends
        self._types = _Types(rebuilt.events)
        self._states = {topic.name for topic in rebuilt.states}
        self._topics = sorted(prefix + name for name in {e.topic for e in rebuilt.events} | self._states)
        self._starts: Offsets = {}

    async def count(self) -> int:
        """Return how many records there are to read, at most. Raises RetentionCutError."""
        # Subscribed from the start: a client without topics asks for no metadata, and finds no partitions.
        client = AIOKafkaConsumer(*self._topics, bootstrap_servers=self._servers)
        await client.start()
        try:
            partitions = [TopicPartition(t, p) for t in self._topics for p in client.partitions_for_topic(t) or ()]
            beginnings = await client.beginning_offsets(partitions)
        finally:
            await client.stop()
        for (topic, partition), beginning in beginnings.items():
            if beginning and TOPICS[topic.removeprefix(self._prefix)].cleanup != "compact":
                raise RetentionCutError(
                    f"{topic}[{partition}] begins at offset {beginning}: what came before is past its retention "
                    "and in the event log alone. Replay from there (--from event-log)."
                )
        self._starts = {(place.topic, place.partition): offset for place, offset in beginnings.items()}
        return sum(max(0, self._ends.get(place, 0) - start) for place, start in self._starts.items())

    async def spans(self) -> AsyncIterator[Span]:
        """Give none: a topic has no rows."""
        nothing: tuple[Span, ...] = ()
        for span in nothing:
            yield span

    async def batches(self) -> AsyncIterator[Batch]:
        """Give what the topics hold up to the ends; ``count`` has found where they begin."""
        starts = self._starts
        open_ends = {TopicPartition(*place): end for place, end in self._ends.items() if end > starts.get(place, end)}
        if not open_ends:
            return  # aiokafka's stop() raises CancelledError at a client that was assigned partitions just before
        client = AIOKafkaConsumer(bootstrap_servers=self._servers, enable_auto_commit=False, fetch_max_bytes=8 << 20)
        await client.start()
        try:
            client.assign(list(open_ends))
            for place in open_ends:
                client.seek(place, starts[place.topic, place.partition])
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

    def _batch(self, records: Sequence[Record]) -> Batch:
        events, states = [], {topic: list[StateRecord]() for topic in self._states}
        for record in records:
            topic = record.topic.removeprefix(self._prefix)
            try:
                if topic in self._states:
                    states[topic].append(_state(record))
                elif event := self._event(record):
                    events.append(event)
            except (UndecodableEventError, UnicodeDecodeError):
                continue  # the live consumer has parked it: it is in no projection
        return Batch(events, states, 0, len(records))

    def _event(self, record: Record) -> Received[Any] | None:
        event_type = event_type_of(record.headers) or ""
        if not self._types.follows(event_type):
            return None
        attributes = read_attributes(record.headers)
        if self._scope.until is not None and attributes.time >= self._scope.until:
            return None
        if self._scope.district not in (None, attributes.district):
            return None
        return Received(attributes, self._types.read(event_type, record.value or b""))


class _Types:
    """Which events a projection follows, and how each is read."""

    def __init__(self, events: Collection[type[Event]]) -> None:
        self._events = known_names(events)
        self._known: dict[str, tuple[type[Event], int]] = {}

    @property
    def names(self) -> list[str]:
        """Their types, without versions."""
        return list(self._events)

    def follows(self, event_type: str) -> bool:
        """Return whether an event is one of them. Raises UndecodableEventError for what is no type."""
        try:
            return split_type(event_type)[0] in self._events
        except ValueError as fault:
            raise UndecodableEventError(str(fault)) from None

    def read(self, event_type: str, data: str | bytes) -> Event:
        """Return an event's data, upcast where it is of an older version. Raises UndecodableEventError."""
        if event_type not in self._known:
            name, version = split_type(event_type)
            self._known[event_type] = self._events[name], version
        return decode(*self._known[event_type], data if isinstance(data, bytes) else data.encode())


def _state(record: Record) -> StateRecord:
    district = next((value for name, value in record.headers if name == "ce_district"), None)
    if district is None or record.key is None:
        raise UndecodableEventError("a state record needs a key and the header ce_district")
    return StateRecord(district.decode(), record.key.decode(), record.value)


async def ahead(parts: AsyncIterator[T]) -> AsyncIterator[T]:
    """Give the same batches or spans, read while the database is busy with earlier ones; raise what reading raises."""
    queue: asyncio.Queue[T | Exception | None] = asyncio.Queue(AHEAD)

    async def read() -> None:
        try:
            async for part in parts:
                await queue.put(part)
        except Exception as fault:  # noqa: BLE001 - it is for whoever takes them
            await queue.put(fault)
        else:
            await queue.put(None)

    reading = asyncio.create_task(read())
    try:
        while (part := await queue.get()) is not None:
            if isinstance(part, Exception):
                raise part
            yield part
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
