"""A consumer that lost its position goes on from the event logs: ``linbang <service> catch-up``.

Invariant: what was never announced is announced now (a replay would announce nothing), but for what is older than the
subscription to its type. The lost positions are set last, to where the topics ended before the first event was read:
all that was in them by then is in the logs, and has been applied; all that comes after is read from them, and what is
known already is left out by the inbox.
"""

from collections.abc import Mapping
from functools import partial

import typer
from aiokafka import TopicPartition

from shared.contracts.operations import ConsumerCaughtUp
from shared.messaging import from_logs_command
from shared.messaging.from_logs import Applied, FromLogs, Surroundings
from shared.messaging.kafka_metadata import Extent
from shared.messaging.positions import Offsets, positions_of, set_positions
from shared.messaging.reactions import Reactions
from shared.messaging.subscription import open_subscriptions
from shared.ops import terminal
from shared.ops.operator import By
from shared.ops.terminal import OnProgress
from shared.store.event_log import append, new_id, of_operator


async def catch_up(
    by: str, surroundings: Surroundings, begin: OnProgress, advance: OnProgress
) -> tuple[Applied, Offsets]:
    """Apply what is missing, then set the positions that were lost; return both. ``by`` names the operator.

    Raises LimitReachedError as the consumer does, and HistoryMissingError where it could not start at all.
    """
    reactions, store, prefix = surroundings.reactions, surroundings.store, surroundings.prefix
    topics = [prefix + topic for topic in reactions.topics]
    subscriptions = await open_subscriptions(store, reactions, surroundings.servers, prefix, topics)
    held = await surroundings.held()
    async with store.transaction() as tx:
        known = await positions_of(tx, reactions.service)
    applied = await FromLogs(surroundings, subscriptions).apply(reactions.events, begin, advance)
    positions = _positions(surroundings, held, known)
    async with store.transaction() as tx:
        if applied.applied or applied.parked or positions:
            await append(tx, [of_operator(_action(reactions.service, applied, positions), by)])
        await set_positions(tx, reactions.service, positions)
    return applied, positions


def _positions(surroundings: Surroundings, held: Mapping[TopicPartition, Extent], known: Offsets) -> Offsets:
    """Return where each lost position goes on. A compacted topic is read again: its states are in no log."""
    lost = {
        partition: extent
        for partition, extent in held.items()
        if partition in known and not extent.beginning <= known[partition] <= extent.end
    }
    states = {surroundings.prefix + topic for topic in surroundings.reactions.states}
    return {
        partition: extent.beginning if partition.topic in states else extent.end for partition, extent in lost.items()
    }


def _action(service: str, applied: Applied, positions: Offsets) -> ConsumerCaughtUp:
    return ConsumerCaughtUp(
        action_id=new_id(),
        service=service,
        applied=applied.applied,
        parked=applied.parked,
        partitions=tuple(f"{topic}[{partition}]" for topic, partition in positions),
    )


def add_command(app: typer.Typer, reactions: Reactions) -> None:
    """Add ``catch-up`` to a service's command line."""

    @app.command("catch-up")
    def command(*, by: By) -> None:
        """Apply what the topics no longer hold from the event logs; a consumer that lost its position can then go on.

        Afterwards start the consumer again. Exit code 0: done; 2: it could not be done to the end (run it again).
        """
        applied, positions = from_logs_command.run(reactions, "catch-up", partial(catch_up, by))
        console = terminal.console()
        for (topic, partition), offset in positions.items():
            console.print(f"{topic}[{partition}] goes on from offset {offset:,}", markup=False)
        console.print(f"{reactions.service}: {applied.applied:,} events applied, {applied.parked:,} parked")
