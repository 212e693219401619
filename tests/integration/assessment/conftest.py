"""What every test of assessment may use: an empty database, its topics, and its HTTP interface."""

import os
from collections.abc import AsyncIterator

import pytest

from shared.store.engine import Store
from tests.integration.assessment.core import Core
from tests.integration.assessment.reading import Reading, reading
from tests.support import topics
from tests.support.emptying import empty
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls


@pytest.fixture(scope="module")
async def database(service_database: ServiceDatabase) -> Urls:
    return await service_database("assessment")


@pytest.fixture
async def core(database: Urls, infrastructure: Infrastructure, topic_prefix: str) -> AsyncIterator[Core]:
    """An empty database, and a topic prefix of this test's own."""
    worker = Store(database.worker)
    under_test = Core(database, worker, infrastructure.bootstrap_servers, f"{topic_prefix}{os.urandom(3).hex()}.")
    await empty(database.owner)
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
