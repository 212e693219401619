"""A consumer that lost its position goes on from the event logs: ``linbang <service> catch-up``.

Invariant: what was never announced is announced now (a replay would announce nothing), but for what is older than the
subscription to its type. The lost positions are set last, to where the topics ended before the first event was read:
all that was in them by then is in the logs, and has been applied; all that comes after is read from them, and what is
known already is left out by the inbox.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import asyncpg
import typer
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError

from shared.contracts.operations import ConsumerCaughtUp
from shared.messaging.dead_letter import LimitReachedError
from shared.messaging.from_logs import Applied, FromLogs
from shared.messaging.kafka_metadata import Extent, extents
from shared.messaging.positions import Offsets, positions_of, set_positions
from shared.messaging.reactions import Reactions
from shared.messaging.subscription import HistoryMissingError, open_subscriptions
from shared.ops import terminal
from shared.ops.operator import By
from shared.ops.terminal import OnProgress
from shared.store.engine import Store
from shared.store.event_log import append, new_id, of_operator


@dataclass(frozen=True)
class CatchUp:
    """The work for one service: its reactions, and where its database, its topics and the producers' logs are."""

    reactions: Reactions
    store: Store
    bootstrap_servers: str
    prefix: str
    url_of: Callable[[str], str]

    async def run(self, by: str, begin: OnProgress, advance: OnProgress) -> tuple[Applied, Offsets]:
        """Apply what is missing, then set the positions that were lost; return both. ``by`` names the operator.

        Raises LimitReachedError as the consumer does, and HistoryMissingError where it could not start at all.
        """
        service = self.reactions.service
        subscriptions = await open_subscriptions(self.store, self.reactions, self.bootstrap_servers, self.prefix)
        held = await extents(self.bootstrap_servers, [self.prefix + topic for topic in self.reactions.topics])
        async with self.store.transaction() as tx:
            known = await positions_of(tx, service)
        missed = FromLogs(
            self.store,
            self.reactions,
            subscriptions,
            self.url_of,
            self.prefix,
            Counter(partition.topic for partition in held),
        )
        applied = await missed.apply(self.reactions.events, begin, advance)
        positions = self._positions(held, known)
        async with self.store.transaction() as tx:
            if applied.applied or applied.parked or positions:
                await append(tx, [of_operator(self._action(applied, positions), by)])
            await set_positions(tx, service, positions)
        return applied, positions

    def _positions(self, held: Mapping[TopicPartition, Extent], known: Offsets) -> Offsets:
        """Return where each lost position goes on. A compacted topic is read again: its states are in no log."""
        lost = {
            partition: extent
            for partition, extent in held.items()
            if partition in known and not extent.beginning <= known[partition] <= extent.end
        }
        return {
            partition: extent.beginning
            if partition.topic.removeprefix(self.prefix) in self.reactions.states
            else extent.end
            for partition, extent in lost.items()
        }

    def _action(self, applied: Applied, positions: Offsets) -> ConsumerCaughtUp:
        return ConsumerCaughtUp(
            action_id=new_id(),
            service=self.reactions.service,
            applied=applied.applied,
            parked=applied.parked,
            partitions=tuple(f"{topic}[{partition}]" for topic, partition in positions),
        )


def add_command(app: typer.Typer, reactions: Reactions) -> None:
    """Add ``catch-up`` to a service's command line."""

    @app.command("catch-up")
    def catch_up(*, by: By) -> None:
        """Apply what the topics no longer hold from the event logs; a consumer that lost its position can then go on.

        Afterwards start the consumer again. Exit code 0: done; 2: it could not be done to the end (run it again).
        """
        console = terminal.console()
        try:
            applied, positions = asyncio.run(_with_store(reactions, by))
        except (
            LimitReachedError,
            HistoryMissingError,
            DBAPIError,
            asyncpg.PostgresError,
            KafkaError,
            OSError,
        ) as fault:
            told = isinstance(fault, LimitReachedError | HistoryMissingError)
            reason = str(fault) if told else type(fault).__name__
            console.print(f"not to the end: {reason}. What is applied stays applied; run it again.", markup=False)
            raise typer.Exit(2) from None
        for (topic, partition), offset in positions.items():
            console.print(f"{topic}[{partition}] goes on from offset {offset:,}", markup=False)
        console.print(f"{reactions.service}: {applied.applied:,} events applied, {applied.parked:,} parked")


async def _with_store(reactions: Reactions, by: str) -> tuple[Applied, Offsets]:
    store = Store(terminal.database_url(reactions.service, "worker"), pool_size=1)
    url_of = partial(terminal.database_url, role="worker")
    work = CatchUp(reactions, store, terminal.kafka_servers(), terminal.topic_prefix(), url_of)
    try:
        with terminal.progress(f"{reactions.service} catch-up") as (begin, advance):
            return await work.run(by, begin, advance)
    finally:
        await store.close()
