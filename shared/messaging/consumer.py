"""The consumer: Kafka to PostgreSQL, each event's effects exactly once.

Invariant: one transaction a batch holds the move of the positions (the fence, ``assignment.py``), the claim of the
event ids and the effects. On assignment the consumer seeks to what the database says; the group's own committed offsets
serve lag tools alone.

Passing faults (the database is away, a deadlock) block the partition and are tried again for as long as they last.
Lasting ones (bytes that are no event, an unknown version, a broken invariant) are found by bisection and parked.
Nothing is skipped. Offsets need not be consecutive, but what lies between two batches is looked at (``holes.py``).
"""

import asyncio
import time
from collections.abc import Mapping
from itertools import count
from operator import attrgetter
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.envelope import UndecodableEventError, read_attributes
from shared.messaging import group_client
from shared.messaging.assignment import (
    Assignment,
    FencedError,
    Moves,
    PositionLostError,
    Stretches,
    stretches_of,
)
from shared.messaging.batch import Processing
from shared.messaging.dead_letter import LimitReachedError
from shared.messaging.fault_kinds import is_of_the_deployment, is_transient
from shared.messaging.group_client import Membership
from shared.messaging.holes import without_records
from shared.messaging.kafka_metadata import Extent, partitions_of
from shared.messaging.positions import Offsets
from shared.messaging.progress import Progress
from shared.messaging.reactions import Reactions
from shared.messaging.records import Record
from shared.messaging.servers import KafkaServers
from shared.messaging.subscription import HistoryMissingError, Subscriptions, open_subscriptions
from shared.messaging.unreadable_topics import UnreadableTopics
from shared.ops import metrics
from shared.ops.back_off import back_off
from shared.ops.failpoint import reach
from shared.ops.health import Heartbeat
from shared.store.engine import Store

COMMIT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
HOLE_SECONDS = 20.0
"""Within it a stretch is read over; an aborted transaction can be long."""
SHORTEST_BACK_OFF, LONGEST_BACK_OFF = 0.1, 10.0

log = structlog.get_logger()
_PLACE, _TIMESTAMP = attrgetter("topic", "partition"), attrgetter("timestamp")


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """A service's subscription to the topics of the events and states that it reacts to."""

    def __init__(
        self,
        reactions: Reactions,
        store: Store,
        servers: KafkaServers,
        prefix: str,
        membership: Membership = group_client.USUAL,
        *,
        limited: bool = True,
    ) -> None:
        self._group = group = reactions.service
        self._store = store
        self._prefix = prefix
        self._reactions = reactions
        self._servers = servers
        self._limited = limited
        self._processing: Processing
        self._progress = Progress(group, prefix)
        self._joined = False
        self._assignment = Assignment(reactions, store, prefix)
        self._busy = asyncio.Lock()
        self._failures = 0
        self._stopped: asyncio.Future[None] | None = None
        self._heartbeat = Heartbeat(group)
        self._broker = group_client.open_broker(servers)
        self._membership = membership
        self._topics = [prefix + topic for topic in reactions.topics]
        self._unreadable = UnreadableTopics(group, servers)
        self._subscriber: Any = None

    async def run(self, heartbeat: Heartbeat) -> None:
        """Consume until cancelled. Where it stops for an operator, it stays stopped and not ready.

        So it does past the dead-letter limit, with its position lost, or without the history of what it handles.
        Raises ClientEndedError and NewTopicsError: with a new client it can go on.
        """
        self._heartbeat, self._stopped = heartbeat, asyncio.get_running_loop().create_future()
        for reason in _STOP_REASONS.values():
            metrics.CONSUMER_STOPPED.labels(self._group, reason).set(0)
        try:
            subscriptions, topics = await self._open()
            self._processing = Processing(self._reactions, self._prefix, subscriptions, limited=self._limited)
            self._subscribe(topics)
            await self._broker.start()
            while not self._stopped.done():
                await asyncio.wait((self._stopped,), timeout=COMMIT_SECONDS)
                group_client.check(self._subscriber.consumer)
                await self._report()
            self._stopped.result()
        except (LimitReachedError, PositionLostError, HistoryMissingError) as reason:
            metrics.CONSUMER_STOPPED.labels(self._group, _STOP_REASONS[type(reason)]).set(1)
            heartbeat.wait()
            await self._broker.stop()
            log.critical("consumer stopped for an operator to look", consumer=self._group, reason=str(reason))
            while True:
                heartbeat.wait()
                await asyncio.sleep(COMMIT_SECONDS)
        finally:
            await self._broker.stop()

    async def _open(self) -> tuple[Subscriptions, list[str]]:
        """Return since when each type is handled, and the topics there are; a server that is away is waited for.

        Raises HistoryMissingError.
        """
        for failures in count(1):
            try:
                topics = await self._unreadable.readable(self._topics)
                return await open_subscriptions(
                    self._store, self._reactions, self._servers, self._prefix, topics
                ), topics
            except Exception as fault:
                if not is_transient(fault):
                    raise
                self._heartbeat.wait()
                log.warning("subscriptions not read", consumer=self._group, error=type(fault).__name__)
                await asyncio.sleep(back_off(failures, SHORTEST_BACK_OFF, LONGEST_BACK_OFF))
        raise AssertionError("it is tried for ever")

    def _subscribe(self, topics: list[str]) -> None:
        group, refused = self._prefix + self._group, self._unreadable.refuse
        self._subscriber = group_client.subscribe(self._broker, topics, group, self._membership, self, refused)
        self._subscriber(self._receive)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the batch in hand end, then forget the partitions."""
        self._joined = False
        async with self._busy:
            self._assignment.forget(revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Seek to what the database says. If that fails, ``_report`` tries again: only a position read is believed."""
        metrics.REBALANCES.labels(self._group).inc()
        async with self._busy:
            await self._recover(assigned)
        self._joined = True

    async def _recover(self, partitions: set[TopicPartition]) -> None:
        """Seek to what the database says; where that cannot be read now, forget what was believed."""
        client = self._subscriber.consumer
        if client is None or not partitions:
            return
        try:
            await self._assignment.seek(client, partitions)
        except (PositionLostError, HistoryMissingError) as lost:
            self._stop(lost)
        except Exception as fault:  # noqa: BLE001 - whatever it was, the positions are not known
            self._assignment.forget(partitions)
            self._heartbeat.wait()
            log.warning("positions not read", consumer=self._group, error=type(fault).__name__)

    async def _receive(self, records: tuple[Record, ...]) -> None:
        """Take one batch to its end: applied, parked, or put back to be read again. Lets no exception out."""
        waited = self._busy.locked()  # for positions that were being read: the client fetches meanwhile
        async with self._busy:
            partitions = {TopicPartition(*place) for place in set(map(_PLACE, records))}
            try:
                # handed out before we sought: it comes again
                if waited or not partitions <= self._assignment.expected.keys():
                    await self._recover(partitions)
                    return
                await self._take(records)
                self._failures = 0
                self._come_round(able=True)
            except FencedError as fenced:
                metrics.FENCING_REJECTIONS.labels(self._group).inc()
                log.warning("batch fenced off", consumer=self._group, reason=str(fenced))
                await self._recover(partitions)
            except Exception as fault:  # noqa: BLE001 - FastStream would drop the batch of an exception that escapes
                if not is_transient(fault):
                    self._stop(fault)
                    return
                metrics.CONSUMER_RETRIES.labels(self._group).inc()
                self._failures += 1
                log.warning("batch to be retried", consumer=self._group, error=type(fault).__name__)
                await self._put_back(partitions)

    async def _put_back(self, partitions: set[TopicPartition]) -> None:
        """Rewind the partitions to the last position that is known to be committed, after a pause."""
        self._heartbeat.wait()
        await asyncio.sleep(back_off(self._failures, SHORTEST_BACK_OFF, LONGEST_BACK_OFF))
        client = self._subscriber.consumer
        if client is not None:
            self._assignment.rewind(client, partitions)

    async def _take(self, records: tuple[Record, ...]) -> None:
        reach("consumer.after_poll")
        started = time.perf_counter()
        self._progress.take_up(records)
        batch = stretches_of(records)
        if gaps := self._assignment.gaps(batch):
            await self._check_holes(gaps)
        moves = self._assignment.moves(batch)
        try:
            await self._transact(records, moves, bisect=False)
        except (FencedError, LimitReachedError):
            raise
        except Exception as fault:
            if is_transient(fault) or is_of_the_deployment(fault):
                raise
            log.warning("batch holds a record that fails", consumer=self._group, error=type(fault).__name__)
            await self._transact(records, moves, bisect=True)
        reach("consumer.after_commit")
        self._assignment.committed(moves)
        self._progress.commit(moves)
        metrics.CONSUMER_BATCH_SIZE.labels(self._group).observe(len(records))
        metrics.CONSUMER_PROCESS_SECONDS.labels(self._group).observe(time.perf_counter() - started)
        metrics.CONSUMER_EVENT_AGE_SECONDS.labels(self._group).observe(
            max(0.0, time.time() - _event_time(min(records, key=_TIMESTAMP)))
        )

    async def _check_holes(self, gaps: Stretches) -> None:
        """Raise FencedError where records lie between where we stand and where a batch begins, or lay there once."""
        async with asyncio.timeout(HOLE_SECONDS):
            holes = await without_records(self._servers, gaps)
        for partition in gaps.keys() - holes:
            raise FencedError(f"{partition.topic}[{partition.partition}] was read over from {gaps[partition]}")

    async def _pass_holes(self, client: AIOKafkaConsumer, ends: Offsets) -> None:
        """Go to the end of those partitions in which no record comes before it: what is no record is never read."""
        gaps = {p: Extent(self._assignment.expected[p], end) for p, end in ends.items()}
        try:
            async with asyncio.timeout(HOLE_SECONDS):
                holes = await without_records(self._servers, gaps)
            async with self._busy:
                moves = {p: (gaps[p].beginning, gaps[p].end) for p in holes}
                moves = {p: move for p, move in moves.items() if self._assignment.expected.get(p) == move[0]}
                async with self._store.transaction() as tx:
                    await self._assignment.fence(tx, moves)
                self._assignment.committed(moves)
                self._assignment.rewind(client, set(moves))
        except Exception as fault:
            if not (isinstance(fault, FencedError) or is_transient(fault)):
                raise
            log.info("the ends of topics not looked at", consumer=self._group, error=type(fault).__name__)

    async def _transact(self, records: tuple[Record, ...], moves: Moves, *, bisect: bool) -> None:
        async with self._store.transaction() as tx:
            await self._assignment.fence(tx, moves)
            result = await self._processing.process(tx, records, bisect=bisect)
            reach("consumer.before_commit")
        self._processing.count(result)

    async def _report(self) -> None:
        """Tell metrics, the heartbeat and lag tools how far this consumer is; what matters is in the database."""
        client = self._subscriber.consumer
        if client is None:
            return
        if not self._busy.locked():
            async with self._busy:
                if unread := client.assignment() - self._assignment.expected.keys():
                    await self._recover(unread)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                ends = await client.end_offsets(partitions_of(client))
        except (KafkaError, TimeoutError) as fault:
            log.warning("Kafka does not say where topics end", consumer=self._group, error=type(fault).__name__)
            self._heartbeat.wait()
            return
        assigned = client.assignment()
        held = {p: offset for p, offset in self._assignment.expected.items() if p in assigned and p in ends}
        self._unreadable.look(client)
        await self._unreadable.look_for_absent()
        resting = self._unreadable.partitions(held)
        still = self._progress.still(held, ends) - resting
        if self._progress.look(held, ends, resting):
            self._come_round(able=self._joined and held.keys() == assigned and not self._failures)
        if self._joined:  # a commit in mid-rebalance makes aiokafka join anew: a group of several would never settle
            await self._commit(client, held)
            if still and not self._failures and not self._busy.locked():
                await self._pass_holes(client, {partition: ends[partition] for partition in still})

    async def _commit(self, client: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> None:
        if not positions:
            return
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await client.commit(dict(positions))
        except (KafkaError, TimeoutError) as fault:
            log.info("offsets not reported", consumer=self._group, error=type(fault).__name__)

    def _come_round(self, *, able: bool) -> None:
        (self._heartbeat.beat if able and not self._unreadable else self._heartbeat.wait)()

    def _stop(self, fault: Exception) -> None:
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_exception(fault)


_STOP_REASONS: Mapping[type[Exception], str] = {
    LimitReachedError: "limit",
    PositionLostError: "position",
    HistoryMissingError: "history",
}


def _event_time(record: Record) -> float:
    """Return when a record's event happened, in seconds since 1970; when it was sent, where it does not say."""
    try:
        return read_attributes(record.headers).time.timestamp()
    except (UndecodableEventError, ValueError, OverflowError):
        sent: int = record.timestamp
        return sent / 1000
