"""A consumer's new subscriptions are filled from the event logs: ``linbang <service> subscribe``.

Invariant: what is older than the subscription is projected, and announced to nobody. Positions are set last, in
partitions that have none, to where the topics ended before the first event was read: all that was in them by then is in
the logs, and has been applied; all that comes after is read from them. Stopped half-way, it can be run again: until its
end the subscriptions are not filled, and the consumer does not start.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import asyncpg
import typer
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError

from shared.contracts.event import Event
from shared.contracts.operations import ConsumerSubscribed
from shared.messaging import positions, subscription
from shared.messaging.dead_letter import LimitReachedError
from shared.messaging.from_logs import Applied, FromLogs
from shared.messaging.kafka_metadata import extents
from shared.messaging.reactions import Reactions
from shared.messaging.subscription import MissingHistory, Subscriptions
from shared.ops import terminal
from shared.ops.operator import By
from shared.ops.terminal import OnProgress
from shared.store.engine import Store
from shared.store.event_log import append, new_id, of_operator


@dataclass(frozen=True)
class Subscribing:
    """The work for one service: its reactions, and where its database, its topics and the producers' logs are."""

    reactions: Reactions
    store: Store
    bootstrap_servers: str
    prefix: str
    url_of: Callable[[str], str]

    async def run(self, by: str, begin: OnProgress, advance: OnProgress) -> ConsumerSubscribed | None:
        """Fill what is missing; return the event that tells of it, or None where nothing is.

        Raises LimitReachedError as the consumer does.
        """
        service = self.reactions.service
        held = await extents(self.bootstrap_servers, [self.prefix + topic for topic in self.reactions.topics])
        async with self.store.transaction() as tx:
            await subscription.settle(tx, self.reactions)
            rows, known = await subscription.read_rows(tx, service), await positions.positions_of(tx, service)
            missing = subscription.missing_history(self.reactions, self.prefix, rows, known, held)
            if not missing:
                return None
            now = await subscription.now(tx)
            await subscription.add(tx, service, missing.events, now, filled=False)
            subscriptions = Subscriptions.of(self.reactions, await subscription.read_rows(tx, service))
        filling = FromLogs(
            self.store,
            self.reactions,
            subscriptions,
            self.url_of,
            self.prefix,
            Counter(partition.topic for partition in held),
        )
        applied = await filling.apply(self._events(missing), begin, advance)
        async with self.store.transaction() as tx:
            await positions.begin(tx, service, {partition: held[partition].end for partition in missing.partitions})
            await subscription.mark_filled(tx, service, missing.events)
            done = self._action(missing, applied)
            await append(tx, [of_operator(done, by)])
        return done

    def _events(self, missing: MissingHistory) -> frozenset[type[Event]]:
        """Return the types to be filled: the new ones, and all of the topics that are not read from their beginning."""
        topics = {partition.topic for partition in missing.partitions}
        return missing.events | {event for event in self.reactions.events if self.prefix + event.topic in topics}

    def _action(self, missing: MissingHistory, applied: Applied) -> ConsumerSubscribed:
        return ConsumerSubscribed(
            action_id=new_id(),
            service=self.reactions.service,
            events=tuple(sorted(event.__name__ for event in missing.events)),
            applied=applied.applied,
            parked=applied.parked,
            partitions=tuple(sorted(f"{topic}[{partition}]" for topic, partition in missing.partitions)),
        )


def add_command(app: typer.Typer, reactions: Reactions) -> None:
    """Add ``subscribe`` to a service's command line."""

    @app.command("subscribe")
    def subscribe(*, by: By) -> None:
        """Fill new subscriptions from the event logs: what Kafka no longer holds, or the consumer has passed over.

        What happened before is entered in projections and announced to nobody. Afterwards start the consumer again.
        Exit code 0: done; 2: it could not be done to the end (run it again).
        """
        console = terminal.console()
        try:
            done = asyncio.run(_with_store(reactions, by))
        except (LimitReachedError, DBAPIError, asyncpg.PostgresError, KafkaError, OSError) as fault:
            reason = str(fault) if isinstance(fault, LimitReachedError) else type(fault).__name__
            console.print(f"not to the end: {reason}. What is applied stays applied; run it again.", markup=False)
            raise typer.Exit(2) from None
        if done is None:
            console.print(f"{reactions.service}: no history is missing")
            return
        filled = ", ".join((*done.events, *done.partitions))
        figures = f"{done.applied:,} events applied, {done.parked:,} parked"
        console.print(f"{done.service}: {figures}; filled: {filled}", markup=False)


async def _with_store(reactions: Reactions, by: str) -> ConsumerSubscribed | None:
    store = Store(terminal.database_url(reactions.service, "worker"), pool_size=1)
    url_of = partial(terminal.database_url, role="worker")
    work = Subscribing(reactions, store, terminal.kafka_servers(), terminal.topic_prefix(), url_of)
    try:
        with terminal.progress(f"{reactions.service} subscribe") as (begin, advance):
            return await work.run(by, begin, advance)
    finally:
        await store.close()
