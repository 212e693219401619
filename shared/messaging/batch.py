"""What becomes of one batch inside its transaction: read, claimed, applied; what cannot be applied is parked.

Invariant: a record's effects are applied in full, once, after those of every earlier record of its key, or the record
is parked with everything behind it in its key. ``_bisect`` finds the records at fault by halving, each half in a
savepoint.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import UndecodableEventError, decode, known_names, present_type_of, read_attributes
from shared.contracts.received import Received, StateRecord
from shared.messaging import dead_letter, inbox, spans
from shared.messaging.dead_letter import BEHIND_PARKED, Counts, Poison
from shared.messaging.fault_kinds import is_of_the_deployment, is_transient
from shared.messaging.reactions import Reactions
from shared.messaging.records import Record, state_of
from shared.messaging.subscription import Subscriptions
from shared.ops import metrics
from shared.ops.tracing import step_span

_BEHIND = "an earlier record of this key is parked"


class Readable(NamedTuple):
    """A record and what it holds for us."""

    record: Record
    content: Received[Any] | StateRecord


class BatchResult(NamedTuple):
    """What a batch comes to once its transaction commits: what is parked of it, and the limit's counts with it."""

    poison: list[Poison]
    counts: Counts


class Processing:
    """How a group's batches are processed: what the service does about events, and how much it may park."""

    def __init__(
        self, reactions: Reactions, prefix: str, subscriptions: Subscriptions, *, limited: bool = True
    ) -> None:
        self._group = reactions.service
        self._subscriptions = subscriptions
        self._handled_from = {event: subscriptions.handled_from(reactions, event) for event in reactions.events}
        self._prefix = prefix
        self._reactions = reactions
        self._events = known_names(reactions.events)
        self._limit = dead_letter.Limit(enforced=limited)

    async def process(self, tx: AsyncConnection, records: Sequence[Record], *, bisect: bool) -> BatchResult:
        """Apply a batch within the caller's transaction; return what becomes of it.

        Without ``bisect`` a reaction's exception comes through. With it, the records at fault are parked, and what
        comes through is a fault of the moment or the deployment, or LimitReachedError where too much would be parked.
        """
        with spans.process(self._group, records):
            parked = await dead_letter.parked_keys(tx, self._group, records)
            good, poison = self._read(records, parked)
            if bisect:
                poison += await self._bisect(tx, good)
            else:
                await self._apply(tx, good)
            counts = self._limit.check(records, poison)
            if poison:
                await dead_letter.park(tx, self._group, poison)
            return BatchResult(poison, counts)

    async def apply_again(self, tx: AsyncConnection, records: Sequence[Record]) -> list[Poison]:
        """Apply parked records of one key, in log order, within the caller's transaction; return what fails of them.

        A fault of the moment or the deployment comes through.
        """
        with spans.process(self._group, records):
            good, poison = self._read(records, set())
            return poison + await self._bisect(tx, good)

    def count(self, result: BatchResult) -> None:
        """Count a batch once its transaction has committed."""
        self._limit.count(result.counts)
        for bad in result.poison:
            metrics.DEAD_LETTERS.labels(self._group, bad.reason).inc()

    def _read(self, records: Sequence[Record], parked: set[tuple[str, bytes]]) -> tuple[list[Readable], list[Poison]]:
        """Decode what is for us; what cannot be decoded, and what comes behind it in its key, is poison."""
        good: list[Readable] = []
        poison: list[Poison] = []
        for record in records:
            key = (record.topic, record.key)
            try:
                readable = self._decode(record)
            except UndecodableEventError as fault:
                poison.append(Poison(record, "undecodable", str(fault)))
                if record.key is not None:
                    parked = parked | {key}
                continue
            if readable is None:
                continue  # nothing of ours
            if key in parked:
                poison.append(Poison(record, BEHIND_PARKED, _BEHIND))
            else:
                good.append(readable)
        return good, poison

    def _decode(self, record: Record) -> Readable | None:
        topic = record.topic.removeprefix(self._prefix)
        if topic in self._reactions.states:
            return Readable(record, state_of(record))
        name, version = present_type_of(record.headers)
        event = self._events.get(name)
        if event is None:
            return None
        attributes = read_attributes(record.headers)
        if attributes.time.tzinfo is None:
            raise UndecodableEventError("ce_time has no offset")
        if attributes.time < self._handled_from[event]:
            return None  # history that is ignored
        return Readable(record, Received(attributes, decode(event, version, record.value)))

    async def _apply(self, tx: AsyncConnection, readable: Sequence[Readable]) -> None:
        """Claim the events and let every reaction have its share of the fresh ones, in log order."""
        events = [item.content for item in readable if isinstance(item.content, Received)]
        unclaimed = await inbox.fresh(tx, self._group, [event.attributes.id for event in events])
        fresh: list[Received[Any]] = []
        for event in events:
            if event.attributes.id in unclaimed:
                unclaimed.remove(event.attributes.id)
                fresh.append(event)
        metrics.INBOX_DUPLICATES.labels(self._group).inc(len(events) - len(fresh))
        await self._reactions.react(tx, fresh, self._subscriptions.is_history)
        for topic, projection in self._reactions.states.items():
            latest = {
                item.content.key: item.content
                for item in readable
                if isinstance(item.content, StateRecord) and item.record.topic == self._prefix + topic
            }
            if latest:
                with step_span(projection.name):
                    await projection.project(tx, list(latest.values()))

    async def _bisect(self, tx: AsyncConnection, readable: Sequence[Readable]) -> list[Poison]:
        """Apply all that can be applied, halving what fails down to the records at fault; return those."""
        if not readable:
            return []
        try:
            async with tx.begin_nested():
                await self._apply(tx, readable)
        except Exception as fault:
            if is_transient(fault) or is_of_the_deployment(fault):
                raise
            if len(readable) == 1:
                return [Poison(readable[0].record, type(fault).__name__, _first_line(fault))]
        else:
            return []
        middle = len(readable) // 2
        poison = await self._bisect(tx, readable[:middle])
        bad_keys = {(bad.record.topic, bad.record.key) for bad in poison if bad.record.key is not None}
        rest = []
        for item in readable[middle:]:
            if (item.record.topic, item.record.key) in bad_keys:
                poison.append(Poison(item.record, BEHIND_PARKED, _BEHIND))
            else:
                rest.append(item)
        return poison + await self._bisect(tx, rest)


def _first_line(fault: Exception) -> str:
    """Return what an operator needs of a fault. Database errors quote values, so only their kind is kept."""
    if isinstance(fault, DBAPIError):
        return type(fault.orig).__name__
    return str(fault).splitlines()[0][:500] if str(fault) else type(fault).__name__
