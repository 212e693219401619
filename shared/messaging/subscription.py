"""Since when a group handles each type of event: the table ``subscription``. What is older is history.

Invariant: where a subscription begins is said here, once, and never by what Kafka happens to hold. History is entered
in projections at most, and announced to nobody (``Reactions.react``).

A type that has no row yet:
- in a group that is new (no position, no row) it is handled since its database was made: whatever was published since
  then is live;
- in a group from before this table (positions, but no row) since ever;
- in a living group (the type is new to it) from now on, where history is ignored. Where it is to be applied, the
  topic must still be before us, from its offset 0; else ``linbang <service> subscribe`` fills it from the event logs.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

from aiokafka import TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import Event
from shared.contracts.received import Received
from shared.contracts.upcasters import split_type
from shared.messaging.kafka_metadata import Extent, extents
from shared.messaging.positions import positions_of
from shared.messaging.reactions import History, Reactions
from shared.messaging.servers import KafkaServers
from shared.store.engine import Store

Handled: TypeAlias = tuple[list[str], list[datetime]]
"""Types of events, without versions, and from when on each is handled."""
EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

_READ = text("""
    SELECT event, greatest(since, '0001-01-01 00:00:00+00') AS since, filled
    FROM subscription WHERE consumer = :consumer
""")
# Clocks may differ: what a producer logs just after this database was made is no history of it.
_MADE_AT = text("SELECT made_at - interval '2 hours' FROM installation")
_NOW = text("SELECT clock_timestamp()")
_ADD = text("""
    INSERT INTO subscription (consumer, event, since, filled)
    SELECT :consumer, event, coalesce(CAST(:since AS timestamptz), '-infinity'), :filled
    FROM unnest(CAST(:events AS text[])) AS event
    ON CONFLICT DO NOTHING
""")
_FILLED = text("""
    UPDATE subscription SET filled = true WHERE consumer = :consumer AND event = ANY(CAST(:events AS text[]))
""")


class HistoryMissingError(Exception):
    """What happened before is in no topic any more, or was passed over: an operator has to subscribe."""


class Row(NamedTuple):
    """A type's subscription; until it is ``filled``, a ``subscribe`` has begun and not ended."""

    event: str
    since: datetime
    filled: bool


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Since when a group handles each type. One that is not here is not handled yet: all of it is history."""

    since: Mapping[type[Event], datetime]

    @classmethod
    def since_ever(cls, reactions: Reactions) -> "Subscriptions":
        """Return subscriptions to which nothing is history."""
        return cls(dict.fromkeys(reactions.events, EVER))

    @classmethod
    def of(cls, reactions: Reactions, rows: Iterable[Row]) -> "Subscriptions":
        """Return what the rows say of the types that are reacted to."""
        since = {row.event: row.since for row in rows}
        return cls({event: since[name_of(event)] for event in reactions.events if name_of(event) in since})

    def is_history(self, event: Received[Any]) -> bool:
        """Return whether an event is from before the subscription to its type."""
        return event.attributes.time < self.since.get(type(event.data), NEVER)

    def handled_from(self, reactions: Reactions, event: type[Event]) -> datetime:
        """Return from when on anything is done about events of a type; what is older is left out."""
        return EVER if reactions.history_of(event) is History.APPLY else self.since.get(event, NEVER)

    def handled(self, reactions: Reactions, events: Collection[type[Event]]) -> Handled:
        """Return the names of some types, and from when on each is handled: what ``handled.HANDLED`` asks for."""
        return [name_of(event) for event in events], [self.handled_from(reactions, event) for event in events]


class MissingHistory(NamedTuple):
    """What only the event logs can fill: whole types, and partitions in which the group has no position."""

    events: frozenset[type[Event]]
    partitions: frozenset[TopicPartition]

    def __bool__(self) -> bool:
        """Return whether anything is missing."""
        return bool(self.events or self.partitions)

    def error(self, service: str) -> HistoryMissingError:
        """Return what to raise of it."""
        names = [event.__name__ for event in self.events]
        places = [f"{partition.topic}[{partition.partition}]" for partition in self.partitions]
        return HistoryMissingError(
            f"no history of {', '.join(sorted(names + places))}; to fill it: {command_of(service)}"
        )


def command_of(service: str) -> str:
    """Return the command that fills what is missing."""
    return f"linbang {service} subscribe"


def name_of(event: type[Event]) -> str:
    """Return an event's type without its version."""
    return split_type(event.event_type())[0]


async def read_rows(tx: AsyncConnection, consumer: str) -> list[Row]:
    """Return a group's subscriptions."""
    return [Row(*row) for row in await tx.execute(_READ, {"consumer": consumer})]


async def settle(tx: AsyncConnection, reactions: Reactions) -> Subscriptions:
    """Begin the subscriptions that can begin without a look at Kafka; return all there are."""
    rows = await read_rows(tx, reactions.service)
    new = _without_row(reactions, rows)
    if not new:
        return Subscriptions.of(reactions, rows)
    if rows:
        ignored = {event for event in new if reactions.history_of(event) is History.IGNORE}
        await add(tx, reactions.service, ignored, await now(tx))
    else:
        born = not await positions_of(tx, reactions.service)
        await add(tx, reactions.service, new, await tx.scalar(_MADE_AT) if born else EVER)
    return Subscriptions.of(reactions, await read_rows(tx, reactions.service))


async def open_subscriptions(
    store: Store, reactions: Reactions, servers: KafkaServers, prefix: str, topics: Collection[str]
) -> Subscriptions:
    """Return since when each type is handled that comes by one of these (physical) topics: what a consumer begins with.

    Raises HistoryMissingError where an operator has to fill some first.
    """
    async with store.transaction() as tx:
        await settle(tx, reactions)
        rows, positions = await read_rows(tx, reactions.service), await positions_of(tx, reactions.service)
    undecided = frozenset(event for event in _undecided(reactions, rows) if prefix + event.topic in topics)
    if undecided:
        held = await extents(servers, sorted({prefix + event.topic for event in undecided}))
        missing = missing_history(reactions, prefix, rows, positions, held).events
        if missing:
            raise MissingHistory(missing, frozenset()).error(reactions.service)
        async with store.transaction() as tx:
            await add(tx, reactions.service, undecided & _without_row(reactions, rows), await now(tx))
            rows = await read_rows(tx, reactions.service)
    return Subscriptions.of(reactions, rows)


def missing_history(
    reactions: Reactions,
    prefix: str,
    rows: Collection[Row],
    positions: Mapping[TopicPartition, int],
    held: Mapping[TopicPartition, Extent],
) -> MissingHistory:
    """Return what only the event logs can fill, of the topics in ``held``.

    A topic is still before us where no partition has been read from and each begins at offset 0.
    """
    unread = {partition for partition, extent in held.items() if partition not in positions}
    cut = {
        partition.topic
        for partition in unread
        if begins_too_late(reactions, partition.topic.removeprefix(prefix), held[partition].beginning)
    }
    passed = {partition.topic for partition, next_offset in positions.items() if next_offset > 0}
    begun = {row.event for row in rows if not row.filled}
    undecided = _undecided(reactions, rows) if rows else frozenset()
    return MissingHistory(
        frozenset(event for event in undecided if prefix + event.topic in cut | passed or name_of(event) in begun),
        frozenset(partition for partition in unread if partition.topic in cut),
    )


def begins_too_late(reactions: Reactions, topic: str, beginning: int) -> bool:
    """Return whether a group without a position would miss history, if it began where the topic now begins."""
    return beginning > 0 and any(
        event.topic == topic and reactions.history_of(event) is History.APPLY for event in reactions.events
    )


async def add(
    tx: AsyncConnection, consumer: str, events: Collection[type[Event]], since: datetime, *, filled: bool = True
) -> None:
    """Begin subscriptions; one that is there stays as it is."""
    if events:
        names = sorted(map(name_of, events))
        moment = None if since == EVER else since
        await tx.execute(_ADD, {"consumer": consumer, "events": names, "since": moment, "filled": filled})


async def now(tx: AsyncConnection) -> datetime:
    """Return the database's time."""
    moment: datetime = await tx.scalar(_NOW)
    return moment


async def mark_filled(tx: AsyncConnection, consumer: str, events: Collection[type[Event]]) -> None:
    """Note that the history of some types is in."""
    await tx.execute(_FILLED, {"consumer": consumer, "events": [name_of(event) for event in events]})


def _without_row(reactions: Reactions, rows: Iterable[Row]) -> frozenset[type[Event]]:
    known = {row.event for row in rows}
    return frozenset(event for event in reactions.events if name_of(event) not in known)


def _undecided(reactions: Reactions, rows: Iterable[Row]) -> frozenset[type[Event]]:
    """Return the types that have no row, or one that a ``subscribe`` has begun."""
    return _without_row(reactions, [row for row in rows if row.filled])
