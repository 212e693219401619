"""The sample district at its full size in all four services, each a process, on servers of its own."""

import asyncio
import random
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from deploy.local.process import free_port
from shared.store.engine import Store
from shared.store.event_log import append
from tests.bench import system
from tests.bench.roles import service_logged
from tests.bench.setting import Setting, running_servers
from tests.bench.system import DISTRICT, ROSTER, SERVICE_RECORDS, System
from tests.support import operator
from tests.support.eventually import eventually
from tests.support.quiescence import at_rest

T = TypeVar("T")
SERVICES = ("registry", "activities", "assessment", "notifications")
EVENTS_A_SECOND, AT_ONCE = 500, 25
LOADING_SECONDS = 900


@dataclass
class District:
    """A loaded district: its services run, and operators' commands can be given."""

    setting: Setting
    platform: System
    runner: asyncio.Runner
    volunteers: Sequence[UUID]
    written: int = 0
    """Events that have flowed in."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def linbang(self, *arguments: str) -> tuple[int | None, str]:
        """Run an operator's command; return its exit code and what it printed."""
        variables = operator.environment(self.platform.urls, self.setting.bootstrap_servers, self.setting.prefix)
        code, output = await operator.linbang(variables, *arguments)
        print(f"$ linbang {' '.join(arguments)}\n{output}")  # noqa: T201 - a soak shows what it does
        return code, output

    async def flow(self) -> None:
        """Log service of the district's volunteers, so many events a second, until cancelled."""
        store, began, first = Store(self.platform.urls["activities"].worker), time.monotonic(), self.written
        try:
            while True:
                async with store.transaction(DISTRICT) as tx:
                    await append(tx, [service_logged(random.choice(self.volunteers)) for _ in range(AT_ONCE)])
                self.written += AT_ONCE
                await asyncio.sleep(max(0.0, began + (self.written - first) / EVENTS_A_SECOND - time.monotonic()))
        finally:
            await store.close()

    async def rows(self, service: str, query: str, *values: object) -> list[Any]:
        """Read a service's database as the superuser."""
        connection = await self._superuser(service)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def as_superuser(self, service: str, *statements: str) -> None:
        """Do what no role of the service may."""
        connection = await self._superuser(service)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def _superuser(self, service: str) -> asyncpg.Connection:
        database = make_url(self.platform.urls[service].owner).database
        return await asyncpg.connect(f"{self.setting.servers.postgres.url.rpartition('/')[0]}/{database}")

    async def settled(self) -> None:
        """Wait until all that was written is published, credited and announced."""
        servers, prefix = self.setting.bootstrap_servers, self.setting.prefix
        await eventually(lambda: at_rest(SERVICES, self.rows, servers, prefix), within=LOADING_SECONDS)


@pytest.fixture(scope="module")
def district() -> Iterator[District]:
    """Load the roster and a year of service records, through Kafka, into every service."""
    with running_servers() as servers, ExitStack() as stack, asyncio.Runner() as runner:
        setting = Setting(servers)
        loaded = runner.run(_load(setting, stack, runner))
        yield loaded
        runner.run(setting.close())


async def _load(setting: Setting, stack: ExitStack, runner: asyncio.Runner) -> District:
    smtp_port = free_port()
    mailbox = ("-n", "-l", f"127.0.0.1:{smtp_port}", "-c", "aiosmtpd.handlers.Mailbox", str(setting.path("mail")))
    setting.start("mail", "aiosmtpd", *mailbox)
    platform = await system.start(setting, stack, *SERVICES, smtp_port=smtp_port)
    await platform.open_district()
    await platform.load("registry", "roster", ROSTER)
    await platform.load("activities", "service-records", SERVICE_RECORDS)
    found = District(setting, platform, runner, [])
    await found.settled()
    rows = await found.rows("assessment", "SELECT id FROM known_volunteer")
    found.volunteers = [row["id"] for row in rows]
    return found
