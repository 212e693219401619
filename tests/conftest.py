"""Fixtures that every test may use: the servers of this run, and a module's own databases and topic prefix."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.areas import Summary
from tests.support.infrastructure import Databases, Infrastructure, ServiceDatabase, infrastructure_from
from tests.support.schedule import longest_first, scheduler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from xdist.remote import Producer
    from xdist.scheduler import Scheduling


# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("linbang", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("linbang")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process that reports, not one of its workers
        config.pluginmanager.register(Summary())


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    return scheduler(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


@pytest.fixture(scope="session")
def infrastructure() -> Iterator[Infrastructure]:
    """PostgreSQL and Kafka of this test run; started on first use."""
    with infrastructure_from(os.environ.get("INFRA", "local")) as servers:
        yield servers


@pytest.fixture(scope="session")
def templates() -> dict[str, str]:
    """The migrated database that those of a service are copies of, by service."""
    return {}


@pytest.fixture(scope="module")
async def service_database(infrastructure: Infrastructure, templates: dict[str, str]) -> AsyncIterator[ServiceDatabase]:
    """Make a fresh, migrated database per service for this module: `urls = await service_database("registry")`."""
    databases = Databases(infrastructure.admin_url, templates)
    yield databases.make
    await databases.drop()


@pytest.fixture(scope="module")
def topic_prefix() -> str:
    """Give this module's topic prefix; whoever publishes or consumes in the module uses it."""
    return f"test-{secrets.token_hex(4)}."
