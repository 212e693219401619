"""A consumer's new subscriptions are filled from the event logs: ``linbang <service> subscribe``.

Invariant: what is older than the subscription is projected, and announced to nobody. Positions are set last, in
partitions that have none, to where the topics ended before the first event was read: all that was in them by then is in
the logs, and has been applied; all that comes after is read from them. Stopped half-way, it can be run again: until its
end the subscriptions are not filled, and the consumer does not start.
"""

from functools import partial

import typer

from shared.contracts.event import Event
from shared.contracts.operations import ConsumerSubscribed
from shared.messaging import from_logs_command, positions, subscription
from shared.messaging.from_logs import Applied, FromLogs, Surroundings
from shared.messaging.reactions import Reactions
from shared.messaging.subscription import MissingHistory, Subscriptions
from shared.ops import terminal
from shared.ops.operator import By
from shared.ops.terminal import OnProgress
from shared.store.event_log import append, new_id, of_operator


async def subscribe(
    by: str, surroundings: Surroundings, begin: OnProgress, advance: OnProgress
) -> ConsumerSubscribed | None:
    """Fill what is missing; return the event that tells of it, or None where nothing is. ``by`` names the operator.

    Raises LimitReachedError as the consumer does.
    """
    reactions, store, service = surroundings.reactions, surroundings.store, surroundings.reactions.service
    held = await surroundings.held()
    async with store.transaction() as tx:
        await subscription.settle(tx, reactions)
        rows, known = await subscription.read_rows(tx, service), await positions.positions_of(tx, service)
        missing = subscription.missing_history(reactions, surroundings.prefix, rows, known, held)
        if not missing:
            return None
        await subscription.add(tx, service, missing.events, await subscription.now(tx), filled=False)
        subscriptions = Subscriptions.of(reactions, await subscription.read_rows(tx, service))
    applied = await FromLogs(surroundings, subscriptions).apply(_events(surroundings, missing), begin, advance)
    async with store.transaction() as tx:
        await positions.begin(tx, service, {partition: held[partition].end for partition in missing.partitions})
        await subscription.mark_filled(tx, service, missing.events)
        done = _action(service, missing, applied)
        await append(tx, [of_operator(done, by)])
    return done


def _events(surroundings: Surroundings, missing: MissingHistory) -> frozenset[type[Event]]:
    """Return the types to be filled: the new ones, and all of the topics that are not read from their beginning."""
    topics = {partition.topic for partition in missing.partitions}
    events = surroundings.reactions.events
    return missing.events | {event for event in events if surroundings.prefix + event.topic in topics}


def _action(service: str, missing: MissingHistory, applied: Applied) -> ConsumerSubscribed:
    return ConsumerSubscribed(
        action_id=new_id(),
        service=service,
        events=tuple(sorted(event.__name__ for event in missing.events)),
        applied=applied.applied,
        parked=applied.parked,
        partitions=tuple(sorted(f"{topic}[{partition}]" for topic, partition in missing.partitions)),
    )


def add_command(app: typer.Typer, reactions: Reactions) -> None:
    """Add ``subscribe`` to a service's command line."""

    @app.command("subscribe")
    def command(*, by: By) -> None:
        """Fill new subscriptions from the event logs: what Kafka no longer holds, or the consumer has passed over.

        What happened before is entered in projections and announced to nobody. Afterwards start the consumer again.
        Exit code 0: done; 2: it could not be done to the end (run it again).
        """
        done = from_logs_command.run(reactions, "subscribe", partial(subscribe, by))
        console = terminal.console()
        if done is None:
            console.print(f"{reactions.service}: no history is missing")
            return
        filled = ", ".join((*done.events, *done.partitions))
        figures = f"{done.applied:,} events applied, {done.parked:,} parked"
        console.print(f"{done.service}: {figures}; filled: {filled}", markup=False)
