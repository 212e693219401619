"""Events that a service has missed, applied from their producers' event logs.

Invariant: it is the consumer's own work on another source. Every event that the inbox does not hold goes through the
service's reactions, in the order of its log, in transactions that claim it in the inbox: nothing is lost, nothing is
applied twice, and what is older than the subscription to its type is projected alone. Stopped half-way, it can be done
again.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import asyncpg
from aiokafka import TopicPartition
from sqlalchemy import text

from shared.contracts.envelope import Attributes
from shared.contracts.event import Event
from shared.messaging.batch import Processing
from shared.messaging.dead_letter import LimitReachedError
from shared.messaging.fault_kinds import is_of_the_deployment, is_transient
from shared.messaging.handled import HANDLED, PARKED_IDS
from shared.messaging.kafka_metadata import Extent, extents
from shared.messaging.partitioner import agreed_partitions, partition_index
from shared.messaging.reactions import Reactions
from shared.messaging.records import Record, content_of, make_record
from shared.messaging.servers import KafkaServers
from shared.messaging.subscription import Handled, Subscriptions
from shared.ops.terminal import OnProgress
from shared.store.engine import Store

BATCH = 2000
FIRST_OFFSET = -(1 << 62)
"""A record that is parked has an offset; of an event that came from a log it is its position from here on."""

_COUNT = f"SELECT count(*) FROM event_log WHERE {HANDLED}"
# By district first, as the key has it: no sort, however long the log is. An aggregate is of one district.
# From event_id on the columns are the fields of Attributes.
_READ = f"""
    SELECT position, topic, data::text, event_id, type, occurred_at, aggregate_id::text, aggregate_version, district,
           traceparent
    FROM event_log WHERE {HANDLED} ORDER BY district, position
"""
# A parked event is settled by redriving or discarding it, not here.
_OPEN = text(f"""
    SELECT id FROM unnest(CAST(:ids AS uuid[])) AS id
    WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = :consumer AND event_id = id)
      AND id::text <> ALL ({PARKED_IDS})
""")


class Applied(NamedTuple):
    """What came of it, in events."""

    applied: int
    parked: int


@dataclass(frozen=True)
class Surroundings:
    """A service's reactions, and where its database, its topics and the producers' logs are."""

    reactions: Reactions
    store: Store
    """As the worker."""
    servers: KafkaServers
    prefix: str
    url_of: Callable[[str], str]
    """Gives the database of a producing service."""

    async def held(self) -> dict[TopicPartition, Extent]:
        """Return what the topics hold now, by partition. Raises KafkaError."""
        return await extents(self.servers, [self.prefix + topic for topic in self.reactions.topics])


class FromLogs:
    """The work for one service."""

    def __init__(self, surroundings: Surroundings, subscriptions: Subscriptions) -> None:
        self._store, self._reactions = surroundings.store, surroundings.reactions
        self._url_of, self._prefix = surroundings.url_of, surroundings.prefix
        self._subscriptions = subscriptions

    async def apply(self, events: Collection[type[Event]], begin: OnProgress, advance: OnProgress) -> Applied:
        """Apply what is missing of some types. Raises LimitReachedError as the consumer does."""
        processing = Processing(self._reactions, self._prefix, self._subscriptions)
        wanted = self._subscriptions.handled(self._reactions, events)
        producers = sorted({event.publisher() for event in events})
        begin(sum([await self._count(producer, wanted) for producer in producers]))
        done = [await self._apply(processing, producer, wanted, advance) for producer in producers]
        return Applied(sum(one.applied for one in done), sum(one.parked for one in done))

    async def _count(self, producer: str, wanted: Handled) -> int:
        log = await asyncpg.connect(self._url_of(producer))
        try:
            counted: int = await log.fetchval(_COUNT, *wanted)
            return counted
        finally:
            await log.close()

    async def _apply(self, processing: Processing, producer: str, wanted: Handled, advance: OnProgress) -> Applied:
        applied = parked = 0
        log = await asyncpg.connect(self._url_of(producer))
        try:
            async with log.transaction(isolation="repeatable_read", readonly=True):
                cursor = await log.cursor(_READ, *wanted)
                while rows := await cursor.fetch(BATCH):
                    open_ids = await self._open([row["event_id"] for row in rows])
                    records = [self._record(row) for row in rows if row["event_id"] in open_ids]
                    if records:
                        bad = await self._process(processing, records)
                        applied, parked = applied + len(records) - bad, parked + bad
                    advance(len(rows))
        finally:
            await log.close()
        return Applied(applied, parked)

    async def _open(self, ids: Sequence[UUID]) -> set[UUID]:
        async with self._store.transaction() as tx:
            return set((await tx.scalars(_OPEN, {"consumer": self._reactions.service, "ids": ids})).all())

    async def _process(self, processing: Processing, records: Sequence[Record]) -> int:
        """Take one batch to its end as the consumer does; return how many of it were parked."""
        for bisect in (False, True):
            try:
                async with self._store.transaction() as tx:
                    result = await processing.process(tx, records, bisect=bisect)
            except Exception as fault:
                if bisect or isinstance(fault, LimitReachedError) or is_transient(fault) or is_of_the_deployment(fault):
                    raise
            else:
                processing.count(result)
                return len(result.poison)
        raise AssertionError("the second pass returns or raises")

    def _record(self, row: asyncpg.Record) -> Record:
        """Return an event as the relay would have sent it."""
        position, topic, data, *attributes = row
        event, physical = Attributes(*attributes), self._prefix + topic
        key, value, headers = content_of(event, data)
        place = (physical, partition_index(key, agreed_partitions(topic)), FIRST_OFFSET + position)
        return make_record(place, key, value, headers, int(event.time.timestamp() * 1000))
