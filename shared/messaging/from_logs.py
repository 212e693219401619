"""Events that a service has missed, applied from their producers' event logs.

Invariant: it is the consumer's own work on another source. Every event that the inbox does not hold goes through the
service's reactions, in the order of its log, in transactions that claim it in the inbox: nothing is lost, nothing is
applied twice, and what is older than the subscription to its type is projected alone. Stopped half-way, it can be done
again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import text

from shared.contracts.envelope import Attributes
from shared.contracts.event import Event
from shared.messaging.batch import Processing
from shared.messaging.dead_letter import LimitReachedError
from shared.messaging.fault_kinds import is_of_the_deployment, is_transient
from shared.messaging.partitioner import partition_index
from shared.messaging.reactions import Reactions
from shared.messaging.records import Record, content_of, make_record
from shared.messaging.subscription import Subscriptions, name_of
from shared.ops.terminal import OnProgress
from shared.store.engine import Store

BATCH = 2000
FIRST_OFFSET = -(1 << 62)
"""A record that is parked has an offset; of an event that came from a log it is its position from here on."""

_WANTED = """
    FROM event_log
    WHERE split_part(type, '.v', 1) = ANY($1::text[])
      AND occurred_at >= ($2::timestamptz[])[array_position($1::text[], split_part(type, '.v', 1))]
"""
_COUNT = "SELECT count(*)" + _WANTED
# By district first, as the key has it: no sort, however long the log is. An aggregate is of one district.
# From event_id on the columns are the fields of Attributes.
_READ = f"""
    SELECT position, topic, data::text, event_id, type, occurred_at, aggregate_id::text, aggregate_version, district,
           traceparent
    {_WANTED} ORDER BY district, position
"""
# A parked event is settled by redriving or discarding it, not here.
_OPEN = text("""
    SELECT id FROM unnest(CAST(:ids AS uuid[])) AS id
    WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = :consumer AND event_id = id)
      AND id::text <> ALL (SELECT header ->> 1 FROM dead_letter, json_array_elements(headers) AS header
                           WHERE consumer = :consumer AND header ->> 0 = 'ce_id' AND header ->> 1 IS NOT NULL)
""")


class Applied(NamedTuple):
    """What came of it, in events."""

    applied: int
    parked: int


@dataclass(frozen=True)
class FromLogs:
    """The work for one service."""

    store: Store
    reactions: Reactions
    subscriptions: Subscriptions
    url_of: Callable[[str], str]
    """Gives the database of a producing service."""
    prefix: str
    partitions: Mapping[str, int]
    """How many each physical topic has."""

    async def apply(self, events: Collection[type[Event]], begin: OnProgress, advance: OnProgress) -> Applied:
        """Apply what is missing of some types. Raises LimitReachedError as the consumer does."""
        processing = Processing(self.reactions, self.prefix, self.subscriptions)
        producers = sorted({event.publisher() for event in events})
        begin(sum([await self._count(producer, events) for producer in producers]))
        done = [await self._apply(processing, producer, events, advance) for producer in producers]
        return Applied(sum(one.applied for one in done), sum(one.parked for one in done))

    async def _count(self, producer: str, events: Collection[type[Event]]) -> int:
        log = await asyncpg.connect(self.url_of(producer))
        try:
            counted: int = await log.fetchval(_COUNT, *self._wanted(events))
            return counted
        finally:
            await log.close()

    async def _apply(
        self, processing: Processing, producer: str, events: Collection[type[Event]], advance: OnProgress
    ) -> Applied:
        applied = parked = 0
        log = await asyncpg.connect(self.url_of(producer))
        try:
            async with log.transaction(isolation="repeatable_read", readonly=True):
                cursor = await log.cursor(_READ, *self._wanted(events))
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

    def _wanted(self, events: Collection[type[Event]]) -> tuple[list[str], list[Any]]:
        ordered = sorted(events, key=name_of)
        bounds = [self.subscriptions.handled_from(self.reactions, event) for event in ordered]
        return [name_of(event) for event in ordered], bounds

    async def _open(self, ids: Sequence[UUID]) -> set[UUID]:
        async with self.store.transaction() as tx:
            return set((await tx.scalars(_OPEN, {"consumer": self.reactions.service, "ids": ids})).all())

    async def _process(self, processing: Processing, records: Sequence[Record]) -> int:
        """Take one batch to its end as the consumer does; return how many of it were parked."""
        for bisect in (False, True):
            try:
                async with self.store.transaction() as tx:
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
        event, physical = Attributes(*attributes), self.prefix + topic
        key, value, headers = content_of(event, data)
        place = (physical, partition_index(key, self.partitions[physical]), FIRST_OFFSET + position)
        return make_record(place, key, value, headers, int(event.time.timestamp() * 1000))
