"""Every event of a service's log goes out again: ``linbang <service> republish``, when Kafka has lost its data.

Invariant: nothing new happens but the event that tells of it. Each event goes out with the id, key and order it had,
and the service's own consumers read their topics from the beginning; their inboxes leave out what they have applied
already. One transaction: run again, it does the same once more. Relays stand still meanwhile, so that no later event of
a key comes before an earlier one (``deploy/runbooks/broker-data-lost.md``).
"""

import asyncio
import os

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.operations import EventLogRepublished
from shared.ops.operator import By
from shared.store.engine import Store
from shared.store.event_log import append, new_id, of_operator

FAILED = 2

_REPUBLISH = text("""
    INSERT INTO outbox (district, position) SELECT district, position FROM event_log ON CONFLICT DO NOTHING
""")
_PLACES = text("SELECT DISTINCT topic, partition FROM consumer_offset")
_REWIND = text("""
    UPDATE consumer_offset c SET next_offset = b.beginning
    FROM unnest(CAST(:topic AS text[]), CAST(:partition AS int[]), CAST(:beginning AS bigint[]))
         AS b(topic, partition, beginning)
    WHERE c.topic = b.topic AND c.partition = b.partition
""")


async def republish(store: Store, service: str, bootstrap_servers: str, by: str) -> EventLogRepublished:
    """Put the whole log into the outbox and rewind the service's consumers; return the event that tells of it."""
    async with store.transaction() as tx:
        places = [TopicPartition(row.topic, row.partition) for row in await tx.execute(_PLACES)]
        beginnings = await _beginnings(bootstrap_servers, places) if places else {}
        rewound = await tx.execute(
            _REWIND,
            {
                "topic": [place.topic for place in beginnings],
                "partition": [place.partition for place in beginnings],
                "beginning": list(beginnings.values()),
            },
        )
        events = await tx.execute(_REPUBLISH)
        done = EventLogRepublished(
            action_id=new_id(), service=service, events=events.rowcount, positions=rewound.rowcount
        )
        await append(tx, [of_operator(done, by)])
        return done


async def _beginnings(bootstrap_servers: str, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    client = AIOKafkaConsumer(*{place.topic for place in places}, bootstrap_servers=bootstrap_servers)
    await client.start()
    try:
        found: dict[TopicPartition, int] = await client.beginning_offsets(places)
        return found
    finally:
        await client.stop()


def add_command(app: typer.Typer, service: str) -> None:
    """Add ``republish`` to a service's command line."""

    @app.command("republish")
    def run(*, by: By) -> None:
        """Publish every event of the log again, and read every topic from its beginning: after Kafka lost its data.

        Stop the service's relay and consumer first. Exit code 0: done; 2: nothing was done.
        """
        console = Console(highlight=False)
        try:
            done = asyncio.run(_with_store(service, by))
        except KeyError as missing:
            raise typer.BadParameter(f"{missing.args[0]} is not set", param_hint="environment") from None
        except (DBAPIError, KafkaError, OSError) as fault:
            console.print(f"nothing was done: {type(fault).__name__}", markup=False)
            raise typer.Exit(FAILED) from None
        console.print(
            f"{service}: {done.events:,} events to be published again, {done.positions} positions at the beginning"
        )


async def _with_store(service: str, by: str) -> EventLogRepublished:
    store = Store(os.environ[f"{service}_WORKER_DATABASE_URL".upper()], pool_size=1)
    try:
        return await republish(store, service, os.environ["KAFKA_BOOTSTRAP_SERVERS"], by)
    finally:
        await store.close()
