"""Every event of a service's log goes out again: ``linbang <service> republish``, when Kafka has lost its data.

Invariant: nothing new happens but the event that tells of it. Each event goes out with the id, key and order it had,
and the service's own consumers read their topics from the beginning; their inboxes leave out what they have applied
already. One transaction: run again, it does the same once more. Relays stand still meanwhile, so that no later event of
a key comes before an earlier one (``deploy/runbooks/broker-data-lost.md``).
"""

import asyncio

import typer
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.operations import EventLogRepublished
from shared.messaging.kafka_metadata import extents
from shared.messaging.positions import read_positions, set_positions
from shared.messaging.servers import KafkaServers, servers_of
from shared.ops import terminal
from shared.ops.operator import By
from shared.store.engine import Store
from shared.store.event_log import append, new_id, of_operator

FAILED = 2

_REPUBLISH = text("""
    INSERT INTO outbox (district, position) SELECT district, position FROM event_log ON CONFLICT DO NOTHING
""")


async def republish(store: Store, service: str, servers: KafkaServers, by: str) -> EventLogRepublished:
    """Put the whole log into the outbox and rewind the service's consumers; return the event that tells of it."""
    async with store.transaction() as tx:
        known = await read_positions(tx)
        held = await extents(servers, sorted({at.topic for at in known}))
        rewound = 0
        for consumer in {at.consumer for at in known}:
            places = {TopicPartition(at.topic, at.partition) for at in known if at.consumer == consumer}
            rewound += await set_positions(
                tx, consumer, {place: held[place].beginning for place in places & held.keys()}
            )
        events = await tx.execute(_REPUBLISH)
        done = EventLogRepublished(action_id=new_id(), service=service, events=events.rowcount, positions=rewound)
        await append(tx, [of_operator(done, by)])
        return done


def add_command(app: typer.Typer, service: str) -> None:
    """Add ``republish`` to a service's command line."""

    @app.command("republish")
    def run(*, by: By) -> None:
        """Publish every event of the log again, and read every topic from its beginning: after Kafka lost its data.

        Stop the service's relay and consumer first. Exit code 0: done; 2: nothing was done.
        """
        console = terminal.console()
        try:
            done = asyncio.run(_with_store(service, by))
        except (DBAPIError, KafkaError, OSError) as fault:
            console.print(f"nothing was done: {type(fault).__name__}", markup=False)
            raise typer.Exit(FAILED) from None
        console.print(
            f"{service}: {done.events:,} events to be published again, {done.positions} positions at the beginning"
        )


async def _with_store(service: str, by: str) -> EventLogRepublished:
    async with Store(terminal.database_url(service, "worker"), pool_size=1) as store:
        return await republish(store, service, servers_of(service), by)
