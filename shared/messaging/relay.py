"""The relay: outbox to Kafka, in order per key.

Invariant: a row leaves the outbox only after Kafka has acknowledged its record (acks=all), and a record of a key is
never sent before an earlier one of that key is acknowledged, unless in the same batch. The load-bearing parts: one
relay a database, fenced by a session lock on the very connection that reads and deletes (losing it, the relay can do
neither); one batch in flight a partition, the rest of that partition's rows waiting for the next wave.

What Kafka refuses of one topic is that topic's trouble (``refused_topics.py``): its rows wait, those of others go on. A
key's partition is one of those agreed on (``TOPICS``), however many there are.

Every poll begins below whatever may still be committed (``log_cursor.py``), and goes by indexes alone.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias, TypeGuard

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from opentelemetry.trace import Span
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import Attributes, Header
from shared.messaging import spans
from shared.messaging.dead_letter import DEAD_LETTERS, ORIGIN_HEADERS
from shared.messaging.partitioner import agreed_partitions, partition_index
from shared.messaging.records import content_of
from shared.messaging.refused_topics import OF_A_TOPIC, TOO_LARGE, RefusedTopics, TooFewPartitionsError
from shared.messaging.servers import KafkaServers
from shared.ops.back_off import back_off
from shared.ops.failpoint import reach
from shared.ops.health import Heartbeat
from shared.ops.metrics import OUTBOX_DEPTH, RELAY_LEADER, RELAY_PUBLISH_SECONDS, RELAY_PUBLISHED
from shared.ops.tracing import fail, is_followed
from shared.store.engine import Store
from shared.store.event_log import outbox_depth
from shared.store.log_cursor import LogCursor

POLL_ROWS = 4000
BATCH_BYTES = 512 * 1024
DEPTH_SECONDS = 1.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.2
STANDBY_SECONDS = 1.0
SHORTEST_BACK_OFF, LONGEST_BACK_OFF = 0.2, 10.0
CLOSE_SECONDS = 2.0

log = structlog.get_logger()
Place: TypeAlias = tuple[str, int]
"""A physical topic and a partition of it."""

_TRY_LEAD = text("SELECT pg_try_advisory_lock(hashtextextended('outbox relay', 0))")
# The transactions that write the outbox now: as a subquery, looked for once, after the statement's snapshot was taken.
_WRITERS = """(
    SELECT string_agg(virtualtransaction, ' ') FROM pg_locks
    WHERE locktype = 'relation' AND relation = CAST('outbox' AS regclass) AND mode = 'RowExclusiveLock' AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)"""
_LOOK = text(f"SELECT {_WRITERS}")
# Its columns are read by place: from event_id on they are the fields of Attributes.
_READ = text(f"""
    SELECT {_WRITERS} AS writers,
           o.position, o.raw_topic, o.raw_key, o.raw_value, o.raw_headers, e.topic, CAST(e.data AS text),
           e.event_id, e.type, e.occurred_at, CAST(e.aggregate_id AS text), e.aggregate_version, o.district,
           e.traceparent
    FROM outbox o LEFT JOIN event_log e ON e.district = o.district AND e.position = o.position
    WHERE o.position > :after AND coalesce(o.raw_topic, e.topic) <> ALL (CAST(:refused AS text[]))
    ORDER BY o.position LIMIT :rows
""")
# The queue is empty or long, the log empty or endless: a plan of one moment is wrong for the next. One made over an
# empty log reads all of it for every poll; by index is never wrong by much.
_READ_BY_INDEX = text("""
    SELECT set_config(name, 'off', false)
    FROM unnest(ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin']) AS name
""")
_DELETE = text("DELETE FROM outbox WHERE position = ANY(CAST(:positions AS bigint[]))")


class OutgoingRecord(NamedTuple):
    """A record as Kafka gets it, and the outbox position that it stands for."""

    position: int
    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[Header]
    traceparent: str | None = None


class NotLeaderError(Exception):
    """Another relay holds this database's lock."""


class Relay:
    """Publishes one database's outbox."""

    def __init__(self, store: Store, servers: KafkaServers, prefix: str = "") -> None:
        self._store = store
        self._servers = servers
        self._prefix = prefix
        self._cursor = LogCursor()
        self._counted = 0.0
        self._failures = 0
        self._refused = RefusedTopics()
        self._to_cut: set[int] = set()
        """Positions of copies that are too large for their topic, and go without what they are copies of."""

    async def run(self, heartbeat: Heartbeat) -> None:
        """Publish until cancelled; a passing fault of Kafka or PostgreSQL is waited out, the rows stay."""
        while True:
            try:
                await self._lead(heartbeat)
            except NotLeaderError:
                heartbeat.beat()
                self._failures, pause = 0, STANDBY_SECONDS
            except (KafkaError, DBAPIError, OSError) as fault:
                heartbeat.wait()
                self._failures += 1
                pause = back_off(self._failures, SHORTEST_BACK_OFF, LONGEST_BACK_OFF)
                log.warning("relay interrupted", error=type(fault).__name__, retry_in=pause)
            await asyncio.sleep(pause)

    async def _lead(self, heartbeat: Heartbeat) -> None:
        async with self._store.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not await connection.scalar(_TRY_LEAD):
                raise NotLeaderError
            try:
                RELAY_LEADER.set(1)
                await connection.execute(_READ_BY_INDEX)
                while True:
                    await self._publish_until_due(connection, heartbeat)
            finally:
                RELAY_LEADER.set(0)
                self._refused = RefusedTopics()
                await connection.invalidate()  # the lock goes with the session, whatever state it is in

    async def _publish_until_due(self, connection: AsyncConnection, heartbeat: Heartbeat) -> None:
        """Publish until a topic that was refused is to be tried again: a producer has lost count of what it refused."""
        producer = AIOKafkaProducer(
            **self._servers.options(),
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=30_000,
        )
        try:
            await producer.start()
            self._cursor, pause = LogCursor(), SHORTEST_PAUSE
            self._refused.try_again()
            while not self._refused.are_due:
                heartbeat.beat()
                published = await self._round(connection, producer)
                await self._tell_depth(connection, published)
                self._failures = 0
                pause = SHORTEST_PAUSE if published else min(pause * 1.5, LONGEST_PAUSE)
                if published < POLL_ROWS:
                    await asyncio.sleep(pause)
        finally:
            await _close(producer)

    async def _round(self, connection: AsyncConnection, producer: AIOKafkaProducer) -> int:
        """Publish what one poll finds."""
        published = await self._poll(connection, producer)
        if published < POLL_ROWS:
            self._refused.accept()
        return published

    async def _tell_depth(self, connection: AsyncConnection, published: int) -> None:
        if not published and not self._refused.waiting:
            OUTBOX_DEPTH.set(0)
        elif time.monotonic() - self._counted > DEPTH_SECONDS:
            OUTBOX_DEPTH.set(await outbox_depth(connection, 0 if self._refused.waiting else self._cursor.position))
            self._counted = time.monotonic()

    async def _poll(self, connection: AsyncConnection, producer: AIOKafkaProducer) -> int:
        started = time.perf_counter()
        wanted = {"after": self._cursor.position, "rows": POLL_ROWS, "refused": self._refused.waiting}
        rows = (await connection.execute(_READ, wanted)).all()
        if not rows:
            await self._catch_up(connection)
            return 0
        reach("relay.before_send")
        await self._publish(connection, producer, [self._cut(_record(row, self._prefix)) for row in rows])
        self._cursor.advance(rows[-1].position, _writers(rows[-1].writers))
        RELAY_PUBLISH_SECONDS.observe(time.perf_counter() - started)
        return len(rows)

    async def _catch_up(self, connection: AsyncConnection) -> None:
        """Let the cursor pass what is dealt with: polls that find nothing walk over no dead rows for ever."""
        if self._cursor.is_behind:
            self._cursor.advance(None, _writers(await connection.scalar(_LOOK)))

    async def _publish(
        self, connection: AsyncConnection, producer: AIOKafkaProducer, records: Sequence[OutgoingRecord]
    ) -> None:
        waiting: dict[Place, deque[OutgoingRecord]] = defaultdict(deque)
        topics = {record.topic for record in records}
        trouble = {topic: fault for topic, fault in (await self._troubles(producer, topics)).items() if fault}
        for record in records:
            if record.topic not in trouble:
                waiting[record.topic, self._partition(record)].append(record)
        for topic, fault in trouble.items():
            self._refuse(topic, fault, [record for record in records if record.topic == topic])
        while waiting:
            await self._send_wave(connection, producer, waiting)

    async def _troubles(
        self, producer: AIOKafkaProducer, topics: Collection[str]
    ) -> Mapping[str, KafkaError | TooFewPartitionsError | None]:
        """Return why nothing can be sent to a topic, by topic. Raises KafkaError where no broker answers."""
        client, cluster = producer.client, producer.client.cluster
        for topic in topics:
            client.add_topic(topic)
        for _ in range(2):  # an update that was under way when we asked knows nothing of new topics
            if all(cluster.partitions_for_topic(topic) for topic in topics):
                break
            if not await client.force_metadata_update():
                raise KafkaConnectionError("no broker tells of its topics")
        return {topic: self._trouble(topic, cluster) for topic in topics}

    def _trouble(self, topic: str, cluster: ClusterMetadata) -> KafkaError | TooFewPartitionsError | None:
        partitions = cluster.partitions_for_topic(topic)
        if topic in cluster.unauthorized_topics:
            return TopicAuthorizationFailedError(topic)
        if not partitions:
            return UnknownTopicOrPartitionError(topic)
        if not partitions >= set(range(self._agreed(topic))):
            return TooFewPartitionsError(topic)
        return None

    def _agreed(self, topic: str) -> int:
        return agreed_partitions(topic.removeprefix(self._prefix))

    def _partition(self, record: OutgoingRecord) -> int:
        return 0 if record.key is None else partition_index(record.key, self._agreed(record.topic))

    async def _send_wave(
        self, connection: AsyncConnection, producer: AIOKafkaProducer, waiting: dict[Place, deque[OutgoingRecord]]
    ) -> None:
        """Send one batch to each partition, await them all, delete what was acknowledged."""
        sent: list[tuple[str, list[OutgoingRecord]]] = []
        futures = []
        for (topic, partition), queue in list(waiting.items()):
            batch = producer.create_batch()
            records = _fill(batch, queue, 1 if self._refused.go_singly(topic.removeprefix(self._prefix)) else POLL_ROWS)
            sent.append((topic, records))
            span = spans.start_send(topic, partition, records)
            acknowledgement = await producer.send_batch(batch, topic, partition=partition)
            acknowledgement.add_done_callback(partial(_acknowledge, span))
            futures.append(acknowledgement)
            if not queue:
                del waiting[topic, partition]
        results = await asyncio.gather(*futures, return_exceptions=True)
        reach("relay.after_send")
        failed = [(*part, result) for part, result in zip(sent, results, strict=True) if _is_failure(result)]
        acknowledged = [part for part, result in zip(sent, results, strict=True) if not _is_failure(result)]
        await connection.execute(_DELETE, {"positions": [r.position for _, records in acknowledged for r in records]})
        for topic, records in acknowledged:
            RELAY_PUBLISHED.labels(topic).inc(len(records))
        well = {topic for topic, _ in acknowledged} - {topic for topic, _, _ in failed}
        for topic, records, fault in failed:
            if not (isinstance(fault, OF_A_TOPIC) or (well and isinstance(fault, KafkaError))):
                raise fault
            self._refuse(topic, fault, records)
            for place in [place for place in waiting if place[0] == topic]:
                del waiting[place]

    def _refuse(self, topic: str, fault: BaseException, records: Sequence[OutgoingRecord]) -> None:
        if isinstance(fault, TOO_LARGE) and len(records) == 1 and topic.endswith(DEAD_LETTERS):
            self._to_cut.add(records[0].position)
        self._refused.refuse(topic.removeprefix(self._prefix), fault, [record.position for record in records])

    def _cut(self, record: OutgoingRecord) -> OutgoingRecord:
        """Return a record as it goes: a copy that is too large without its content; the table has all of it."""
        if record.position not in self._to_cut:
            return record
        small = [(name, value) for name, value in record.headers if name != ORIGIN_HEADERS]
        return record._replace(key=None, value=None, headers=small)


async def _close(producer: AIOKafkaProducer) -> None:
    """Close the producer. Where the relay is to end, what a broker that is away does not take stays in the outbox."""
    task = asyncio.current_task()
    ending = task is not None and task.cancelling()
    try:
        async with asyncio.timeout(CLOSE_SECONDS if ending else None):
            await producer.stop()
    except TimeoutError:
        # aiokafka has no way to give up; left alone, it would send on when the lock is another relay's.
        producer._sender.sender_task.cancel()  # noqa: SLF001
        await producer.client.close()


def _acknowledge(span: Span, acknowledgement: asyncio.Future[object]) -> None:
    """One partition has acknowledged its batch, or never will; others of the wave perhaps not yet."""
    reach("relay.after_ack")
    if not acknowledgement.cancelled() and (error := acknowledgement.exception()):
        fail(span, error)
    span.end()


def _writers(found: str | None) -> list[str]:
    return found.split() if found else []


def _is_failure(result: object) -> TypeGuard[BaseException]:
    return isinstance(result, BaseException)


def _fill(batch: BatchBuilder, queue: deque[OutgoingRecord], most: int) -> list[OutgoingRecord]:
    """Move records from the queue into the batch until it is full; return them. The first one always fits."""
    records: list[OutgoingRecord] = []
    while (
        queue
        and len(records) < most
        and batch.append(timestamp=None, key=queue[0].key, value=queue[0].value, headers=queue[0].headers)
    ):
        records.append(queue.popleft())
    return records


def _record(row: Sequence[Any], prefix: str) -> OutgoingRecord:
    _, position, raw_topic, raw_key, raw_value, raw_headers, topic, data, *attributes = row
    if raw_topic is not None:
        raw = [(name, value.encode()) for name, value in raw_headers.items()]
        return OutgoingRecord(position, prefix + raw_topic, raw_key, raw_value, raw)
    event = Attributes(*attributes)
    if is_followed(event.traceparent):
        event = event._replace(traceparent=spans.create(prefix + topic, event.traceparent))
    return OutgoingRecord(position, prefix + topic, *content_of(event, data), event.traceparent)
