"""A schema is brought up to date beside those who use it: nothing waits long, and what was broken off goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from deploy.migration_lint import look_at, main, statements_of
from shared.store import migrate
from tests.support.infrastructure import Databases

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls

BEFORE, AFTER, TABLE = "registry_0007", "registry_0008", "access_log"
"""A revision that changes a table, and the one before it."""


@pytest.fixture
async def behind(infrastructure: Infrastructure) -> AsyncIterator[Urls]:
    """A database that lacks a revision which changes a table."""
    databases = Databases(infrastructure.admin_url)
    yield await databases.make_at("registry", BEFORE)
    await databases.drop()


async def revisions(urls: Urls) -> set[str]:
    owner = await asyncpg.connect(urls.owner)
    try:
        return {row[0] for row in await owner.fetch("SELECT version_num FROM alembic_version")}
    finally:
        await owner.close()


async def test_a_revision_that_does_not_get_its_table_gives_up_and_is_made_up_for(
    behind: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0.1)
    reader = await asyncpg.connect(behind.owner)
    transaction = reader.transaction()
    await transaction.start()
    await reader.execute(f"LOCK TABLE {TABLE} IN ACCESS SHARE MODE")
    with pytest.raises(DBAPIError, match="lock timeout"):
        await migrate.upgrade("registry", behind.owner)
    assert AFTER not in await revisions(behind)
    await transaction.rollback()
    await reader.close()
    await migrate.upgrade("registry", behind.owner)
    done = await revisions(behind)
    await migrate.upgrade("registry", behind.owner)
    assert await revisions(behind) == done


async def test_sessions_have_limits(service_database: ServiceDatabase) -> None:
    urls = await service_database("registry")
    for url, name in ((urls.api, "statement_timeout"), (urls.api, "lock_timeout")):
        session = await asyncpg.connect(url)
        assert await session.fetchval(f"SHOW {name}") != "0"
        await session.close()
    for url in (urls.owner, urls.api, urls.worker):
        session = await asyncpg.connect(url)
        assert await session.fetchval("SHOW idle_in_transaction_session_timeout") != "0"
        await session.close()


async def test_an_index_is_built_while_others_write(service_database: ServiceDatabase) -> None:
    before, _, _ = statements_of("assessment", "assessment_0002").partition("CREATE INDEX CONCURRENTLY")
    assert before.count("BEGIN;") == before.count("COMMIT;"), "it is in no transaction"
    session = await asyncpg.connect((await service_database("assessment")).owner)
    assert await session.fetchval(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'known_volunteer_number'::regclass"
    )
    await session.close()


def test_new_revisions_keep_the_rules_and_one_that_does_not_is_seen(tmp_path: Path) -> None:
    assert main() == 0
    careless = tmp_path / "careless.sql"
    careless.write_text("CREATE INDEX service_record_day ON service_record (district, service_on);")
    assert look_at([careless]) != 0
