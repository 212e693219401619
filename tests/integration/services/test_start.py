"""A service that is set up wrongly does not start, and says in a sentence what is wrong and what to do."""

import os
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from deploy.services import TABLE
from shared.service.service import Service
from shared.service.start import StartRefusedError, check_start
from shared.store.engine import Store
from shared.store.event_log import new_id
from shared.store.sessions import keeps_sessions
from tests.support.infrastructure import Urls
from tests.support.pgbouncer import behind_pgbouncer
from tests.support.pooler import pooled

WITH_PEOPLES_DATA = {
    "REGISTRY_MASTER_KEY": "master_key",
    "REGISTRY_BLIND_INDEX_KEY": "blind_index_key",
    "CONTACT_PUBLIC_KEY": "contact_public_key",
    "ACTIVITIES_ATTENDANCE_KEY": "attendance_key",
    "CONTACT_PRIVATE_KEY": "contact_private_key",
}
"""The settings whose keys are always needed, and what a service calls them."""
_WAITING_FILE = text("""
    INSERT INTO import_job (district, id, kind, file_name, content, requested_by, state)
    VALUES ('510115', :id, 'roster', 'roster.csv', '', 'account:test', 'waiting')
""")


@pytest.fixture
async def worker(urls: Urls) -> AsyncIterator[Store]:
    async with Store(urls.worker) as store:
        yield store


def given(service: Service, **settings: object) -> Service:
    """Return the service with other settings."""
    return replace(service, settings=service.settings.model_copy(update=settings))


async def refusal(service: Service, worker: Store) -> str:
    with pytest.raises(StartRefusedError) as refused:
        await check_start(service, worker, [])
    return str(refused.value)


async def test_it_starts_with_the_keys_it_was_started_with_first_and_with_no_others(
    service: Service, worker: Store
) -> None:
    await check_start(service, worker, [])
    for key in service.keys:
        if key.setting in WITH_PEOPLES_DATA:
            wrong = given(service, **{WITH_PEOPLES_DATA[key.setting]: os.urandom(32)})
            assert f"{key.setting} is not the key" in await refusal(wrong, worker)
    await check_start(service, worker, [])


async def test_a_service_that_takes_files_keeps_its_key_while_one_waits_and_may_have_another_then(
    service: Service, worker: Store, urls: Urls
) -> None:
    if not service.imports:
        assert service.name not in ("registry", "activities")
        return
    await check_start(service, worker, [])
    other = given(service, file_key=b64encode(os.urandom(32)).decode())
    async with Store(urls.api) as api, api.transaction("510115") as tx:
        if service.name == "registry":
            await tx.execute(text("INSERT INTO district (code, name) VALUES ('510115', 'x') ON CONFLICT DO NOTHING"))
        await tx.execute(_WAITING_FILE, {"id": new_id()})
    assert f"{service.name.upper()}_FILE_KEY is not the key" in await refusal(other, worker)
    async with worker.transaction() as tx:
        await tx.execute(text("UPDATE import_job SET content = NULL"))
    await check_start(other, worker, [])
    await check_start(service, worker, [])


async def test_behind_a_pooler_that_lends_to_transactions_it_does_not_start(
    service: Service, worker: Store, urls: Urls
) -> None:
    url = make_url(urls.worker)
    async with pooled(url.host or "", url.port or 0) as port:
        behind = url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        sentence = await refusal(given(service, worker_database_url=behind), worker)
    assert f"{service.name.upper()}_WORKER_DATABASE_URL leads through a pooler" in sentence


@pytest.mark.parametrize("name", [next(iter(TABLE))], indirect=True)
async def test_a_pooler_that_lends_to_sessions_is_as_good_as_none(urls: Urls) -> None:
    url = make_url(urls.worker)
    async with pooled(url.host or "", url.port or 0, by_session=True) as port:
        assert await keeps_sessions(url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False))
    assert await keeps_sessions(urls.worker)


@pytest.mark.parametrize("name", [next(iter(TABLE))], indirect=True)
@pytest.mark.parametrize(("mode", "keeps"), [("session", True), ("transaction", False)])
async def test_pgbouncer_itself_is_told_apart_by_its_mode(
    urls: Urls, tmp_path: Path, mode: Literal["session", "transaction"], *, keeps: bool
) -> None:
    async with behind_pgbouncer(urls.worker, mode, tmp_path) as url:
        assert await keeps_sessions(url) is keeps
