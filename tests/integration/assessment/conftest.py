"""What every test of assessment may use: an empty database, its topics, and its HTTP interface."""

import os
from collections.abc import AsyncIterator

import pytest

from shared.store.engine import Store
from tests.integration.assessment.core import Core
from tests.integration.assessment.reading import Reading, reading
from tests.support import topics
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls

TABLES = (
    "ledger_entry, volunteer_hours, award, import_progress, known_volunteer, team_membership, known_station, "
    "known_team, event_log, outbox, inbox, consumer_offset, dead_letter"
)


@pytest.fixture(scope="module")
async def database(service_database: ServiceDatabase) -> Urls:
    return await service_database("assessment")


@pytest.fixture
async def core(database: Urls, infrastructure: Infrastructure, topic_prefix: str) -> AsyncIterator[Core]:
    """An empty database, and a topic prefix of this test's own."""
    worker = Store(database.worker)
    under_test = Core(database, worker, infrastructure.bootstrap_servers, f"{topic_prefix}{os.urandom(3).hex()}.")
    append_only = ("event_log", "ledger_entry")
    await under_test.as_owner(
        *(f"ALTER TABLE {table} DISABLE TRIGGER append_only" for table in append_only),
        f"TRUNCATE {TABLES}",
        *(f"ALTER TABLE {table} ENABLE TRIGGER append_only" for table in append_only),
    )
    yield under_test
    await worker.close()


@pytest.fixture
async def kafka(core: Core) -> None:
    """The topics of this test, for those that publish or consume."""
    await topics.provision(core.servers, core.prefix)


@pytest.fixture
async def assessment(core: Core) -> AsyncIterator[Reading]:
    async with reading(core) as under_test:
        yield under_test
