"""A consumer that lost its position goes on from the event logs: ``linbang <service> catch-up``.

Invariant: it is the consumer's own work on another source. Every event that the inbox does not hold goes through the
service's handlers, in the order of its log, in transactions that claim it in the inbox: nothing is lost, nothing is
applied twice, and what was never announced is announced now (a replay would announce nothing). The lost positions are
set last, to where the topics ended before the first event was read: all that was in them by then is in the logs, and
has been applied; all that comes after is read from them, and what is known already is left out by the inbox.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
import typer
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.envelope import Attributes, known_names
from shared.contracts.operations import ConsumerCaughtUp
from shared.messaging.batch import Processing
from shared.messaging.dead_letter import LimitReachedError
from shared.messaging.fault_kinds import is_of_the_deployment, is_transient
from shared.messaging.kafka_metadata import Extent, extents
from shared.messaging.partitioner import partition_index
from shared.messaging.positions import positions_of, set_positions
from shared.messaging.reactions import Reactions
from shared.messaging.records import Record, content_of, make_record
from shared.ops import terminal
from shared.ops.operator import By
from shared.store.engine import Store
from shared.store.event_log import append, new_id, of_operator

BATCH = 2000
FIRST_OFFSET = -(1 << 62)
"""A record that is parked has an offset; of an event that came from a log it is its position from here on."""

# From event_id on the columns are the fields of Attributes.
_READ = """
    SELECT position, topic, data::text, event_id, type, occurred_at, aggregate_id::text, aggregate_version, district,
           traceparent
    FROM event_log WHERE split_part(type, '.v', 1) = ANY($1::text[]) ORDER BY district, position
"""
# A parked event is settled by redriving or discarding it, not here.
_OPEN = text("""
    SELECT id FROM unnest(CAST(:ids AS uuid[])) AS id
    WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = :consumer AND event_id = id)
      AND id::text <> ALL (SELECT header ->> 1 FROM dead_letter, json_array_elements(headers) AS header
                           WHERE consumer = :consumer AND header ->> 0 = 'ce_id' AND header ->> 1 IS NOT NULL)
""")


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What came of it: events applied and parked, and the places that were lost, with the offsets they go on from."""

    applied: int
    parked: int
    positions: Mapping[TopicPartition, int]


@dataclass(frozen=True)
class CatchUp:
    """The work for one service's consumer: its reactions, and where its topics are."""

    reactions: Reactions
    bootstrap_servers: str
    prefix: str

    @property
    def service(self) -> str:
        """The service, whose name is the group's."""
        return self.reactions.service

    async def run(self, store: Store, url_of: Callable[[str], str], by: str) -> CaughtUp:
        """Apply what is missing, then set the positions that were lost. Stopped half-way, it can be run again.

        ``url_of`` gives the database of a producing service, ``by`` names the operator. Raises LimitReachedError as
        the consumer does.
        """
        held = await extents(self.bootstrap_servers, [self.prefix + topic for topic in self.reactions.topics])
        async with store.transaction() as tx:
            known = await positions_of(tx, self.service)
        lost = [place for place, extent in held.items() if place in known and not _holds(extent, known[place])]
        partitions = Counter(place.topic for place in held)
        producers = sorted({event.publisher() for event in self.reactions.events})
        counts = [await self._apply(store, url_of(producer), partitions) for producer in producers]
        # A compacted topic is read again from its beginning: its states are in no log.
        positions = {
            place: held[place].beginning
            if place.topic.removeprefix(self.prefix) in self.reactions.states
            else held[place].end
            for place in lost
        }
        result = CaughtUp(sum(applied for applied, _ in counts), sum(parked for _, parked in counts), positions)
        async with store.transaction() as tx:
            if result.applied or result.parked or result.positions:
                await append(tx, [of_operator(self._action(result), by)])
            await set_positions(tx, self.service, positions)
        return result

    def _action(self, result: CaughtUp) -> ConsumerCaughtUp:
        return ConsumerCaughtUp(
            action_id=new_id(),
            service=self.service,
            applied=result.applied,
            parked=result.parked,
            partitions=tuple(f"{topic}[{partition}]" for topic, partition in result.positions),
        )

    async def _apply(self, store: Store, log_url: str, partitions: Mapping[str, int]) -> tuple[int, int]:
        """Apply what is missing of one producer's log; return how many events were applied and how many parked."""
        processing = Processing(self.reactions, self.prefix)
        applied = parked = 0
        log = await asyncpg.connect(log_url)
        try:
            async with log.transaction(isolation="repeatable_read", readonly=True):
                cursor = await log.cursor(_READ, list(known_names(self.reactions.events)))
                while rows := await cursor.fetch(BATCH):
                    open_ids = await self._open(store, [row["event_id"] for row in rows])
                    records = [self._record(row, partitions) for row in rows if row["event_id"] in open_ids]
                    if records:
                        bad = await self._process(store, processing, records)
                        applied, parked = applied + len(records) - bad, parked + bad
        finally:
            await log.close()
        return applied, parked

    async def _open(self, store: Store, ids: Sequence[Any]) -> set[Any]:
        async with store.transaction() as tx:
            return set((await tx.scalars(_OPEN, {"consumer": self.service, "ids": ids})).all())

    async def _process(self, store: Store, processing: Processing, records: Sequence[Record]) -> int:
        """Take one batch to its end as the consumer does; return how many of it were parked."""
        for bisect in (False, True):
            try:
                async with store.transaction() as tx:
                    result = await processing.process(tx, records, bisect=bisect)
            except Exception as fault:
                if bisect or isinstance(fault, LimitReachedError) or is_transient(fault) or is_of_the_deployment(fault):
                    raise
            else:
                processing.count(result)
                return len(result.poison)
        raise AssertionError("the second pass returns or raises")

    def _record(self, row: asyncpg.Record, partitions: Mapping[str, int]) -> Record:
        """Return an event as the relay would have sent it."""
        position, topic, data, *attributes = row
        event, physical = Attributes(*attributes), self.prefix + topic
        key, value, headers = content_of(event, data)
        place = (physical, partition_index(key, partitions[physical]), FIRST_OFFSET + position)
        return make_record(place, key, value, headers, int(event.time.timestamp() * 1000))


def _holds(extent: Extent, position: int) -> bool:
    return extent.beginning <= position <= extent.end


def add_command(app: typer.Typer, reactions: Reactions) -> None:
    """Add ``catch-up`` to a service's command line."""

    @app.command("catch-up")
    def catch_up(*, by: By) -> None:
        """Apply what the topics no longer hold from the event logs; a consumer that lost its position can then go on.

        Afterwards start the consumer again. Exit code 0: done; 2: it could not be done to the end (run it again).
        """
        work = CatchUp(reactions, terminal.kafka_servers(), terminal.topic_prefix())
        console = terminal.console()
        try:
            result = asyncio.run(_with_store(work, by))
        except (LimitReachedError, DBAPIError, asyncpg.PostgresError, KafkaError, OSError) as fault:
            reason = str(fault) if isinstance(fault, LimitReachedError) else type(fault).__name__
            console.print(f"not to the end: {reason}. What is applied stays applied; run it again.", markup=False)
            raise typer.Exit(2) from None
        for (topic, partition), offset in result.positions.items():
            console.print(f"{topic}[{partition}] goes on from offset {offset:,}", markup=False)
        console.print(f"{reactions.service}: {result.applied:,} events applied, {result.parked:,} parked")


async def _with_store(work: CatchUp, by: str) -> CaughtUp:
    store = Store(terminal.database_url(work.service, "worker"), pool_size=1)
    try:
        return await work.run(store, partial(terminal.database_url, role="worker"), by)
    finally:
        await store.close()
