import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from shared.messaging.consumer import Consumer
from shared.messaging.relay import Relay
from shared.store.engine import Store
from tests.support import tally, topics
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls

SERVICE = "assessment"
TABLES = (
    "tally", "arrival", "outbox", "consumer_offset", "subscription", "inbox", "dead_letter", "missing_event_count",
)  # fmt: skip


@dataclass
class Wire:
    """A tallying service, its database and its topics."""

    urls: Urls
    worker: Store
    api: Store
    servers: str
    prefix: str

    def relay(self) -> Relay:
        return Relay(self.worker, self.servers, self.prefix)

    def consumer(self) -> Consumer:
        return tally.consumer(self.worker, self.servers, self.prefix)

    @contextmanager
    def process(self, role: str, failpoint: str = "") -> "Iterator[subprocess.Popen[bytes]]":
        """Run a role in a process of its own."""
        environment = {
            **os.environ,
            "ROLE": role,
            "WORKER_URL": self.urls.worker,
            "KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "TOPIC_PREFIX": self.prefix,
            "FAILPOINT": failpoint,
        }
        with subprocess.Popen([sys.executable, "-m", "tests.support.tally"], env=environment) as process:
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
    """Everything empty: tables truncated, topics of this test's own."""
    prefix = f"{topic_prefix}{os.urandom(3).hex()}."
    await topics.provision(infrastructure.bootstrap_servers, prefix)
    worker, api = Store(database.worker), Store(database.api)
    owner = Store(database.owner)
    async with owner.transaction() as tx:
        await tx.execute(text(f"TRUNCATE {', '.join(TABLES)}"))
    await owner.close()
    yield Wire(database, worker, api, infrastructure.bootstrap_servers, prefix)
    await worker.close()
    await api.close()


@pytest.fixture
async def log_is_empty(wire: Wire) -> None:
    """The producers' log of these tests is the database's own, which no test may write to twice over."""
    owner = Store(wire.urls.owner)
    async with owner.transaction() as tx:
        await tx.execute(text("ALTER TABLE event_log DISABLE TRIGGER append_only"))
        await tx.execute(text("TRUNCATE event_log"))
        await tx.execute(text("ALTER TABLE event_log ENABLE TRIGGER append_only"))
    await owner.close()


async def outbox_is_empty(wire: Wire) -> bool:
    async with wire.worker.transaction() as tx:
        return not await tx.scalar(text("SELECT count(*) FROM outbox"))
