"""Fixtures that every test may use: the servers of this run, and a module's own databases and topic prefix."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.support.infrastructure import Databases, Infrastructure, ServiceDatabase, infrastructure_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="session")
def infrastructure() -> Iterator[Infrastructure]:
    """PostgreSQL and Kafka of this test run; started on first use."""
    with infrastructure_from(os.environ.get("INFRA", "local")) as servers:
        yield servers


@pytest.fixture(scope="module")
async def service_database(infrastructure: Infrastructure) -> AsyncIterator[ServiceDatabase]:
    """Make a fresh, migrated database per service for this module: `urls = await service_database("registry")`."""
    databases = Databases(infrastructure.admin_url)
    yield databases.make
    await databases.drop()


@pytest.fixture(scope="module")
def topic_prefix() -> str:
    """Give this module's topic prefix; whoever publishes or consumes in the module uses it."""
    return f"test-{secrets.token_hex(4)}."
