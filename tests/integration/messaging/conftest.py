import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from shared.messaging.consumer import Consumer
from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.positions import positions_of
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.store.engine import Store
from tests.support import tally, topics
from tests.support.emptying import empty
from tests.support.forked import Program
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls

SERVICE = "assessment"


@dataclass
class Wire:
    """A tallying service, its database and its topics."""

    urls: Urls
    worker: Store
    api: Store
    servers: str
    prefix: str

    def relay(self) -> Relay:
        return Relay(self.worker, KafkaServers(self.servers), self.prefix)

    def consumer(self) -> Consumer:
        return tally.consumer(self.worker, self.servers, self.prefix)

    @contextmanager
    def process(self, role: str, failpoint: str = "") -> Iterator[Program]:
        """Run a role in a process of its own."""
        environment = {
            **os.environ,
            "ROLE": role,
            "WORKER_URL": self.urls.worker,
            "KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "TOPIC_PREFIX": self.prefix,
            "FAILPOINT": failpoint,
        }
        with Program(["-m", "tests.support.tally"], environment) as process:
            try:
                yield process
            finally:
                process.kill()


@pytest.fixture(scope="module")
async def database(service_database: ServiceDatabase) -> Urls:
    urls = await service_database(SERVICE)
    await tally.create_tables(urls, SERVICE)
    return urls


@pytest.fixture
async def wire(database: Urls, infrastructure: Infrastructure, topic_prefix: str) -> AsyncIterator[Wire]:
    """Everything empty: its tables, and topics of this test's own."""
    prefix = f"{topic_prefix}{os.urandom(3).hex()}."
    await topics.provision(infrastructure.bootstrap_servers, prefix)
    await empty(database.owner)
    worker, api = Store(database.worker), Store(database.api)
    yield Wire(database, worker, api, infrastructure.bootstrap_servers, prefix)
    await worker.close()
    await api.close()


async def has_read_all(wire: Wire) -> bool:
    """Whether everything that was in Kafka before the question has been handled: counted, left out or parked."""
    ends = await end_offsets(KafkaServers(wire.servers), [wire.prefix + topic for topic in tally.REACTIONS.topics])
    async with wire.worker.transaction() as tx:
        reached = await positions_of(tx, tally.GROUP)
    return all(reached.get(place, -1) >= end for place, end in ends.items())


async def outbox_is_empty(wire: Wire) -> bool:
    async with wire.worker.transaction() as tx:
        return not await tx.scalar(text("SELECT count(*) FROM outbox"))
