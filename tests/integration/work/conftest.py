import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Row, text

from shared.store.engine import Store
from shared.work.kind import NewWork
from shared.work.queue import schedule
from tests.support import errands
from tests.support.forked import Program
from tests.support.infrastructure import ServiceDatabase, Urls

DISTRICT, OTHER = "510115", "510116"


@dataclass
class Office:
    """A service's database with work in it."""

    urls: Urls
    store: Store
    api: Store

    async def schedule(self, *work: NewWork) -> None:
        for district in {item.district for item in work}:
            async with self.api.transaction(district) as tx:
                await schedule(tx, [item for item in work if item.district == district])

    async def rows(self, statement: str, **values: object) -> Sequence[Row[Any]]:
        async with self.store.transaction() as tx:
            return (await tx.execute(text(statement), values)).all()

    async def execute(self, statement: str, **values: object) -> None:
        async with self.store.transaction() as tx:
            await tx.execute(text(statement), values)

    async def count(self, table: str) -> int:
        return int((await self.rows(f"SELECT count(*) FROM {table}"))[0][0])

    async def all_done(self) -> bool:
        return not await self.count("work WHERE state = 'open'")

    @contextmanager
    def process(self, failpoint: str = "") -> Iterator[Program]:
        """Run a worker in a process of its own."""
        environment = {**os.environ, "WORKER_URL": self.urls.worker, "FAILPOINT": failpoint}
        with Program(["-m", "tests.support.errands"], environment) as process:
            try:
                yield process
            finally:
                process.kill()


@pytest.fixture(scope="module")
async def database(service_database: ServiceDatabase) -> Urls:
    urls = await service_database(errands.SERVICE)
    await errands.create_tables(urls)
    return urls


@pytest.fixture
async def office(database: Urls) -> AsyncIterator[Office]:
    owner, store, api = Store(database.owner), Store(database.worker), Store(database.api)
    async with owner.transaction() as tx:
        await tx.execute(text("TRUNCATE work, outbox, import_job, import_file, import_verdict"))
        await tx.execute(text("TRUNCATE errand, errand_run, errand_end"))
    await owner.close()
    yield Office(database, store, api)
    await store.close()
    await api.close()


def errand(number: int = 0, *, district: str = DISTRICT, **payload: object) -> NewWork:
    return NewWork(district=district, kind="errand", payload={"number": number, **payload})


def walk(seconds: float = 0, *, district: str = DISTRICT, lane: str | None = None) -> NewWork:
    return NewWork(district=district, kind="walk", payload={"seconds": seconds}, lane=lane)
