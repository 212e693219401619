"""The portal on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.support.infrastructure import ServiceDatabase, Urls
from tests.support.portal import FakeServices, Portal, running_portal


@pytest.fixture(scope="module")
async def urls(service_database: ServiceDatabase) -> Urls:
    return await service_database("portal")


@pytest.fixture(scope="module")
async def running(urls: Urls) -> AsyncIterator[Portal]:
    async with running_portal(urls) as portal:
        yield portal


@pytest.fixture
def portal(running: Portal) -> Portal:
    """The portal, with services that nothing has been said about yet but the districts."""
    kept = {name: answer for name, answer in running.services.answers.items() if name.endswith("/v1/districts")}
    running.services.answers = kept
    running.services.asked = []
    running.app.state.kept = type(running.app.state.kept)()
    return running


@pytest.fixture
def services(portal: Portal) -> FakeServices:
    return portal.services
