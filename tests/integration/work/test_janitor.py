"""What is past its retention is deleted, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.engine import make_url

from shared.messaging.fault_kinds import is_transient
from shared.store.engine import Store
from shared.store.event_log import new_id, now
from shared.store.retention import OF_EVERY_SERVICE, Retention
from shared.work import janitor
from shared.work.worker import Worker
from tests.integration.work.conftest import DISTRICT
from tests.support.eventually import eventually, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from tests.integration.work.conftest import Office
    from tests.support.infrastructure import Infrastructure

RETENTIONS = {retention.table: retention for retention in OF_EVERY_SERVICE}
HOUR = timedelta(hours=1)
_JOB = (
    "INSERT INTO import_job (district, id, kind, file_name, requested_by, state, completed_at)"
    " VALUES (:district, :id, 'roster', '.csv', 'account:test', 'completed', :at)"
)
OF_AN_AGE = {
    "idempotency_key": "INSERT INTO idempotency_key (district, account, key, fingerprint, created_at)"
    " VALUES (:district, 'account:test', CAST(CAST(:id AS uuid) AS text), '', :at)",
    "import_job": _JOB,
    "import_verdict": f"WITH job AS ({_JOB} RETURNING id)"
    " INSERT INTO import_verdict SELECT :district, id, 1, '[]' FROM job",
    "import_file": "INSERT INTO import_file (district, import_id, piece, sealed, stored_at)"
    " VALUES (:district, :id, 0, '', :at)",
    "dead_letter": 'INSERT INTO dead_letter (id, consumer, topic, partition, "offset", headers, reason, message, state,'
    " settled_at, settled_by) SELECT CAST(:id AS uuid), :district, 't', 0, (SELECT count(*) FROM dead_letter),"
    " '[]', 'r', 'm', 'redriven', CAST(:at AS timestamptz), 'test'",
    "projection_comparison": "INSERT INTO projection_comparison (projection, district, compared_at, rows, differences,"
    " position) VALUES (CAST(CAST(:id AS uuid) AS text), :district, :at, 0, 0, 0)",
    "missing_event_count": "INSERT INTO missing_event_count (consumer, event, counted_at, logged, missing, district)"
    " VALUES ('test', CAST(CAST(:id AS uuid) AS text), :at, 0, 0, :district)",
}
"""How a row of each table comes to be that has been overdue, or not, since a moment; written by the tables' owner."""


@pytest.fixture
async def superuser(office: Office, infrastructure: Infrastructure) -> AsyncIterator[Store]:
    """Writes into every table, whatever its rules; empty they were, and are again."""
    url = make_url(infrastructure.admin_url).set(database=make_url(office.urls.owner).database)
    async with Store(url.render_as_string(hide_password=False)) as store:
        yield store
        async with store.transaction() as tx:
            await tx.exec_driver_sql(f"TRUNCATE {', '.join(RETENTIONS)}")


async def enter(superuser: Store, table: str, at: datetime) -> None:
    """Put a row into a table that has been of an age since that moment."""
    async with superuser.transaction() as tx:
        await tx.execute(text(OF_AN_AGE[table]), {"district": DISTRICT, "id": new_id(), "at": at})


async def run(office: Office, *retentions: Retention) -> None:
    """Let the janitor do its work once, as if six hours had passed."""
    async with running(Worker(office.store, [janitor.janitor(retentions)], {}, is_transient).run):
        await eventually(lambda: office.rows("SELECT 1 FROM work WHERE kind = 'janitor'"))
        await office.execute("UPDATE work SET due_at = clock_timestamp() WHERE kind = 'janitor'")
        await eventually(
            lambda: office.rows("SELECT 1 FROM work WHERE kind = 'janitor' AND due_at > clock_timestamp()")
        )


@pytest.mark.parametrize("table", RETENTIONS)
async def test_what_is_past_its_retention_goes_and_the_rest_stays(office: Office, superuser: Store, table: str) -> None:
    retention = RETENTIONS[table]
    await enter(superuser, table, now() - retention.keep - HOUR)
    await enter(superuser, table, now() - retention.keep + HOUR)
    await run(office, retention)
    assert await office.count(table) == 1
    assert not await office.rows(f"SELECT 1 FROM {table} WHERE {retention.overdue}", before=now() - retention.keep)


async def test_many_rows_go_in_many_transactions(
    office: Office, superuser: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janitor, "AT_ONCE", 2)
    for _ in range(5):
        await enter(superuser, "idempotency_key", now() - timedelta(days=8))
    await run(office, RETENTIONS["idempotency_key"])
    assert await office.count("idempotency_key") == 0
    assert REGISTRY.get_sample_value("overdue_rows", {"table": "idempotency_key"}) == 0
