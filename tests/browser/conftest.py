"""One system and one Chromium for all tests of pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Page

from tests.support.browser import Watch, chromium, open_context
from tests.support.infrastructure import Infrastructure
from tests.support.outside_issuer import running_issuer
from tests.support.programs import program
from tests.support.system import System, running_system

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Chromium; skips where there is none."""
    async with chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """An outside issuer, by another name than the portal's: for browsers it is another site."""
    program("chromium")
    with running_issuer() as url:
        yield url.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="session")
async def system(
    request: pytest.FixtureRequest, templates: dict[str, str], tmp_path_factory: pytest.TempPathFactory, issuer: str
) -> AsyncIterator[System]:
    """The whole system with the small district; nothing is started where there is no browser."""
    program("chromium")
    infrastructure: Infrastructure = request.getfixturevalue("infrastructure")
    async with running_system(infrastructure, templates, tmp_path_factory.mktemp("system"), issuer=issuer) as running:
        yield running


@pytest.fixture
def watch(system: System) -> Watch:
    """What goes wrong on the pages of this test."""
    return Watch(system.origin)


@pytest.fixture
async def open_page(browser: Browser, watch: Watch) -> AsyncIterator[OpenPage]:
    """Open a page in a browser of its own: ``page = await open_page(lang="en", viewport=DESK)``."""
    async with AsyncExitStack() as stack:

        async def open_one(**how: object) -> Page:
            context = await open_context(browser, watch, **how)  # type: ignore[arg-type]
            stack.push_async_callback(context.close)
            return await context.new_page()

        yield open_one
    watch.assert_clean()
