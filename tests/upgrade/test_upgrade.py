"""A database that an earlier version has filled is migrated, keeps what it holds, and replays equal.

What is kept under ``kept/<commit>`` was made by that version itself: ``python -m tests.upgrade.keep``.
"""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from shared.messaging.reactions import History
from shared.messaging.replay.request import From, ReplayRequest, replay_once
from shared.messaging.subscription import name_of, read_rows
from shared.store import migrate
from shared.store.engine import Store
from tests.support import operator
from tests.support.infrastructure import TABLES_OF_SERVICE, Databases, Infrastructure, Urls, add_next_columns
from tests.support.services import SERVICES, reactions

KEPT = sorted((Path(__file__).parent / "kept").iterdir())
OF_THEN = [service for service in SERVICES if all((folder / f"{service}.sql.gz").exists() for folder in KEPT)]
"""The services that every version kept has; a newer one has nothing of theirs to migrate."""


@pytest.fixture(scope="module", params=KEPT, ids=lambda folder: folder.name)
def version(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    return folder


@pytest.fixture(scope="module")
async def urls(version: Path, infrastructure: Infrastructure) -> AsyncIterator[dict[str, Urls]]:
    """The version's databases, filled and not yet migrated."""
    databases = Databases(infrastructure.admin_url)
    filled = {}
    for service in OF_THEN:
        filled[service] = await databases.make_empty(service)
        owner = await asyncpg.connect(filled[service].owner)
        await owner.execute(gzip.decompress((version / f"{service}.sql.gz").read_bytes()).decode())
        await owner.close()
    yield filled
    await databases.drop()


@pytest.fixture(scope="module")
async def migrated(urls: dict[str, Urls], infrastructure: Infrastructure) -> dict[str, tuple[dict[str, int], Urls]]:
    """Each service's database after the migrations, and how many rows each of its tables had before them."""
    result = {}
    for service, of_service in urls.items():
        before = await _rows(infrastructure, of_service)
        await migrate.upgrade(service, of_service.owner)
        await add_next_columns(of_service)
        result[service] = before, of_service
    return result


async def _rows(infrastructure: Infrastructure, urls: Urls) -> dict[str, int]:
    """Count the rows of every table as the superuser, past every policy."""
    database = urls.owner.rpartition("/")[2]
    superuser = await asyncpg.connect(f"{infrastructure.admin_url.rpartition('/')[0]}/{database}")
    try:
        tables = [row[0] for row in await superuser.fetch(TABLES_OF_SERVICE)]
        return {table: await superuser.fetchval(f"SELECT count(*) FROM {table}") for table in tables}
    finally:
        await superuser.close()


@pytest.mark.parametrize("service", OF_THEN)
async def test_every_row_is_there_after_the_migrations(
    service: str, migrated: dict[str, tuple[dict[str, int], Urls]], infrastructure: Infrastructure
) -> None:
    before, urls = migrated[service]
    after = await _rows(infrastructure, urls)
    assert sum(before.values()) > 100
    of_work = before.pop("work", 0)  # a migration may leave some to the worker
    of_events = before.pop("subscription", 0)  # a row a type, some of which are several types now
    assert {table: after.get(table) for table in before} == before
    assert after["subscription"] >= of_events
    assert after["work"] >= of_work


@pytest.mark.parametrize("service", OF_THEN)
async def test_a_consumer_goes_on_with_the_types_it_followed_under_their_old_names(
    service: str, migrated: dict[str, tuple[dict[str, int], Urls]]
) -> None:
    store = Store(migrated[service][1].worker)
    async with store, store.transaction() as tx:
        rows = await read_rows(tx, service)
    followed = {row.event for row in rows if row.filled}
    handled = reactions(service)
    begin_now = {name_of(event) for event in handled.events if handled.history_of(event) is History.IGNORE}
    new = {name_of(event) for event in handled.events} - followed - begin_now
    assert not rows or not new & await _published(migrated)


async def _published(migrated: dict[str, tuple[dict[str, int], Urls]]) -> set[str]:
    """Return the types, without their versions, of which any service had published an event."""
    found = set[str]()
    for _, urls in migrated.values():
        async with Store(urls.worker) as store, store.transaction() as tx:
            types = await tx.scalars(text("SELECT DISTINCT type FROM event_log"))
            found |= {each.rpartition(".")[0] for each in types}
    return found


@pytest.mark.parametrize("service", OF_THEN)
async def test_what_the_version_has_projected_is_what_this_one_makes_of_its_events(
    service: str,
    migrated: dict[str, tuple[dict[str, int], Urls]],
    infrastructure: Infrastructure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_service = {name: urls for name, (_, urls) in migrated.items()}
    for name, value in operator.environment(by_service, infrastructure.bootstrap_servers, "").items():
        monkeypatch.setenv(name, value)
    applied = 0
    for rebuilt in reactions(service).projections.values():
        if rebuilt.states:
            continue  # follows from a topic, which no database holds
        outcome = await replay_once(ReplayRequest(service, rebuilt, From.EVENT_LOG), lambda _: None, lambda _: None)
        assert not outcome.differing, [table.first for table in outcome.tables]
        applied += outcome.applied
    assert applied
