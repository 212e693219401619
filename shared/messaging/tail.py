"""Topics read from their end on, by a process for itself: nothing is kept, nothing is committed.

Invariant: it belongs to no group, so every process that reads sees every record; what comes while nobody reads is
missed.
"""

from collections.abc import AsyncGenerator, Sequence

from shared.messaging.kafka_metadata import subscribed
from shared.messaging.records import Record
from shared.messaging.servers import KafkaServers

_WAIT_MS, _MOST_RECORDS = 1000, 500


async def records_from_now(servers: KafkaServers, topics: Sequence[str]) -> AsyncGenerator[Sequence[Record]]:
    """Give what comes, batch by batch, an empty one first and whenever nothing has come for a second.

    From the first batch on nothing is missed. Raises KafkaError where Kafka is away.
    """
    async with subscribed(servers, topics) as client:
        await client.seek_to_end()
        yield ()
        while True:
            found = await client.getmany(timeout_ms=_WAIT_MS, max_records=_MOST_RECORDS)
            yield [record for records in found.values() for record in records]
