"""Imports that were open when the table ``work`` came are picked up: unread, half-way, or to be published."""

import os
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.imports.columns import Columns
from shared.imports.job import ImportJob, ImportKind
from shared.imports.rows import Outcome, Row, Verdict
from shared.store import migrate
from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.integration.work.conftest import DISTRICT
from tests.support.eventually import eventually, running
from tests.support.importing import importing
from tests.support.infrastructure import Databases, Infrastructure, Urls

SERVICE = "activities"
KEY = bytes(32)
FILE = b"name\n" + b"\n".join(b"n%d" % number for number in range(10)) + b"\n"
_JOB = text("""
    INSERT INTO import_job (district, id, kind, file_name, content, requested_by, state, done, last_position)
    VALUES (:district, :id, 'names', '张三等5人.CSV', :content, 'account:test', :state, :done, :last_position)
""")
_STATES = text("SELECT id, state, done, accepted FROM import_job")


@pytest.fixture
async def before(infrastructure: Infrastructure) -> AsyncIterator[Urls]:
    """A database as the kit left it before ``kit_0007``."""
    databases = Databases(infrastructure.admin_url)
    revision = ScriptDirectory.from_config(migrate.alembic_config(SERVICE)).get_revision("kit_0007").down_revision
    assert isinstance(revision, str)
    yield await databases.make_at(SERVICE, revision)
    await databases.drop()


def _sealed_in_one() -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(KEY).encrypt(nonce, FILE, None)


async def take_in(_tx: AsyncConnection, _job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    return [Verdict(row.line, Outcome.ACCEPTED) for row in rows]


async def test_open_imports_of_before_are_picked_up(before: Urls) -> None:
    ids = {state: new_id() for state in ("waiting", "running", "publishing", "completed", "failed")}
    api = Store(before.api)
    async with api.transaction(DISTRICT) as tx:
        for state, job_id in ids.items():
            await tx.execute(
                _JOB,
                {
                    "district": DISTRICT,
                    "id": job_id,
                    "content": None if state in ("completed", "failed") else _sealed_in_one(),
                    "state": state,
                    "done": {"waiting": 0, "running": 4}.get(state, 10),
                    "last_position": 0 if state == "publishing" else None,
                },
            )
    await api.close()
    await migrate.upgrade(SERVICE, before.owner)
    worker = Store(before.worker)

    async def states() -> dict[UUID, tuple[str, int, int]]:
        async with worker.transaction() as tx:
            return {row.id: (row.state, row.done, row.accepted) for row in await tx.execute(_STATES)}

    async def none_open() -> bool:
        return {state for state, _, _ in (await states()).values()} == {"completed", "failed"}

    kinds = {"names": ImportKind(Columns({"name": "name"}), take_in, (), chunk_rows=3)}
    async with running(importing(worker, kinds, KEY).run):
        await eventually(none_open)
    found = await states()
    async with worker.transaction() as tx:  # case X5: of files that came before, too, only the ending is kept
        assert set(await tx.scalars(text("SELECT file_name FROM import_job"))) == {"names.csv"}
    await worker.close()
    assert found[ids["waiting"]] == ("completed", 10, 10)
    assert found[ids["running"]] == ("completed", 10, 6)
    assert found[ids["publishing"]] == ("completed", 10, 0)
    assert found[ids["failed"]] == ("failed", 10, 0)
