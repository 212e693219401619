"""The system under fault: real processes, one a role, each of which can be killed, stalled, armed and started again.

Invariant: everything a case may kill belongs to the case: its PostgreSQL commits durably, its broker and its services
have ports, databases and a topic prefix of their own. Tests read the databases as the superuser, past every policy.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import httpx
import psutil
from sqlalchemy.engine import make_url

from deploy import credentials
from deploy.local.broker import Broker
from deploy.local.environment import LocalSettings, service_environment
from deploy.local.paths import ROOT, STATE
from deploy.local.postgres import Postgres, remove
from deploy.local.process import Child, free_port
from deploy.services import ROLES, url_name
from shared.messaging.servers import KafkaServers
from tests.fault.broker_rights import WITH_RIGHTS
from tests.fault.issuer import Issuer
from tests.support import topics
from tests.support.eventually import eventually
from tests.support.forked import ForkedChild
from tests.support.infrastructure import Databases, Urls
from tests.support.quiescence import at_rest

LAYOUT: Mapping[str, tuple[str, ...]] = {
    "registry.relay": ("relay", "consumer"),
    "activities.api": ("api",),
    "activities.api2": ("api",),
    "activities.relay": ("relay",),
    "activities.consumer": ("consumer", "worker"),
    "assessment.consumer": ("consumer",),
    "assessment.relay": ("relay",),
}
"""The processes of a system: ``<service>.<name>`` and the roles it runs."""
SERVICES = ("registry", "activities", "assessment")
SESSION_TIMEOUT_MS = 3000
"""A consumer that was killed holds its partitions for as long."""
REQUEST_SECONDS = 5.0
_LIMITS = httpx.Limits(max_connections=300)


class Killable(Protocol):
    """A broker or brokers: where they are. How they are killed is their own matter and the case's."""

    @property
    def bootstrap_servers(self) -> str: ...


@dataclass
class Process:
    """One process of the system, by name, e.g. ``activities.relay``."""

    child: Child
    port: int
    order: Path
    """The file that arms its failpoints."""
    http: httpx.AsyncClient

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, failpoint: str = "") -> None:
        """Start it, unarmed unless told so; does not wait until it is ready."""
        self.arm(failpoint)
        self.child.start()

    def arm(self, failpoint: str) -> None:
        """Let the running process meet its fault, ``place:kill9@N``: the Nth time from now that it is at that place."""
        new = self.order.with_suffix(".new")
        new.write_text(failpoint)
        new.rename(self.order)

    def kill9(self) -> None:
        """End it as a power cut does."""
        self.signal(signal.SIGKILL)
        while self.running:
            time.sleep(0.01)

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.child.pid, number)

    def ask_to_end(self) -> None:
        """Ask it to end, as a deployment does; a stalled one is woken for it."""
        if self.running:
            self.resume()
            self.signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        self.ask_to_end()
        self.child.stop()

    @property
    def running(self) -> bool:
        return self.child.exit_code() is None

    async def died(self, within: float = 60) -> None:
        """Wait until its fault has killed it."""
        await eventually(self._is_dead, within=within)
        assert self.child.exit_code() == -signal.SIGKILL, self.child.last_lines()

    async def ended(self, within: float = 25) -> None:
        """Wait until it has ended as it was asked to: before a runner would lose patience, and by itself."""
        await eventually(self._is_dead, within=within)
        assert self.child.exit_code() == 0, self.child.last_lines()

    async def paused(self, within: float = 60) -> None:
        """Wait until its fault has stalled it."""
        await eventually(self._is_paused, within=within)

    async def ready(self, within: float = 60) -> None:
        """Wait until it says that it can do its work."""
        await eventually(self._is_ready, within=within)

    async def _is_dead(self) -> bool:
        return not self.running

    async def _is_paused(self) -> bool:
        return psutil.Process(self.child.pid).status() == psutil.STATUS_STOPPED

    async def _is_ready(self) -> bool:
        assert self.running, f"{self.child.name} ended with {self.child.exit_code()}\n{self.child.last_lines()}"
        try:
            return (await self.http.get(f"{self.address}/health/ready")).is_success
        except httpx.TransportError:
            return False


@dataclass
class OneBroker:
    """A single broker that can be killed, stalled and robbed of its data."""

    broker: Broker

    @property
    def bootstrap_servers(self) -> str:
        return self.broker.bootstrap_servers

    def kill9(self) -> None:
        kill_tree(self.broker.child)

    def start(self) -> None:
        self.broker.start()

    def wait(self) -> None:
        self.broker.wait()


@dataclass
class System:
    """Running services on servers of their own."""

    directory: Path
    postgres: Postgres
    brokers: Any
    """What they publish to: `OneBroker`, or a cluster; it has ``bootstrap_servers``."""
    issuer: Issuer
    urls: dict[str, Urls] = field(default_factory=dict)
    prefix: str = field(default_factory=lambda: f"fault-{secrets.token_hex(4)}.")
    processes: dict[str, Process] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    """Variables for processes that are started from now on, besides what each service needs."""
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=REQUEST_SECONDS, limits=_LIMITS))
    """Every client of the system; a request it has no answer to in time is broken off."""
    district_codes: Iterator[int] = field(default_factory=lambda: count(100_000))
    """Codes that no case has used yet: cases share a system, and never a district."""
    _secrets: dict[str, str] = field(default_factory=credentials.generate)
    _admins: dict[str, asyncpg.Connection] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def bootstrap_servers(self) -> str:
        servers: str = self.brokers.bootstrap_servers
        return servers

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    def addresses(self, name: str) -> list[str]:
        """Return where the processes are whose names begin so."""
        return [process.address for key, process in self.processes.items() if key.startswith(name)]

    def add(self, name: str, *roles: str, **environment: str) -> Process:
        """Make a process ``<service>.<anything>`` with roles, to be started; environment beside the service's own."""
        service = name.partition(".")[0]
        port, order = free_port(), self.directory / f"{name}.failpoint"
        settings = LocalSettings.model_validate(
            {"topic_prefix": self.prefix, "ports": LocalSettings().ports | {service: port}}
        )
        urls = {url_name(service, role): getattr(self.urls[service], role) for role in ROLES}
        child = ForkedChild(
            name=name,
            command=[sys.executable, "-m", f"services.{service}", *roles],
            log=self.directory / f"{name}.log",
            pid_file=self.directory / f"{name}.pid",
            environment={
                **service_environment(service, settings, self._secrets, urls, KafkaServers(self.bootstrap_servers)),
                "JWKS_URL": self.issuer.url,
                "FAILPOINT": f"file:{order}",
                f"{service.upper()}_CONSUMER_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
                **self.environment,
                **environment,
            },
            directory=ROOT,
        )
        self.processes[name] = Process(child, port, order, self.http)
        return self.processes[name]

    def drop(self, name: str) -> None:
        """Stop a process that a case has added, and forget it."""
        self.processes.pop(name).stop()

    async def start(self, *names: str) -> None:
        """Start processes side by side and wait until all of them are ready."""
        for name in names:
            self[name].start()
        for name in names:
            await self[name].ready()

    async def healed(self, *names: str) -> None:
        """Start whichever of the processes (all, where none is named) do not run; wait until every one is ready."""
        await self.start(*(name for name in names or self.processes if not self[name].running))
        for process in self.processes.values():
            await process.ready()

    async def rows(self, service: str, query: str, *values: object) -> list[Any]:
        """Read a service's database as the superuser: every district, whatever the policies."""
        return list(await self._as_superuser(service, lambda c: c.fetch(query, *values)))

    async def at_rest(self) -> int:
        """Return how many outboxes and partitions have nothing in them that is still to be handled; 0 while any has."""
        return await at_rest(self.urls, self.rows, self.bootstrap_servers, self.prefix)

    async def execute(self, service: str, statement: str, *values: object) -> None:
        """Do what no role of the service may."""
        await self._as_superuser(service, lambda c: c.execute(statement, *values))

    async def _as_superuser(self, service: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async with self._lock:
            connection = self._admins.get(service)
            if connection is None or connection.is_closed():
                connection = self._admins[service] = await self.connect(service)
            return await work(connection)

    async def connect(self, service: str) -> asyncpg.Connection:
        """Open a further connection to a service's database as the superuser; the caller closes it."""
        database = make_url(self.urls[service].owner).database
        return await asyncpg.connect(f"{self.postgres.url.rpartition('/')[0]}/{database}")

    def kill_postgres(self) -> None:
        """End the whole server as a power cut does: the postmaster and with it every backend."""
        kill_tree(self.postgres.child)

    async def kill_backend(self, pid: int) -> None:
        """Kill one backend with -9: the postmaster then ends all of them and recovers from the log."""
        os.kill(pid, signal.SIGKILL)

    def start_postgres(self) -> None:
        """Start the server again on its data."""
        self.postgres.start()
        self.postgres.wait()

    async def close(self) -> None:
        """Stop every process; the servers are their owner's to stop."""
        await self.http.aclose()
        for process in self.processes.values():
            process.ask_to_end()
        for process in self.processes.values():
            process.stop()
        for connection in self._admins.values():
            connection.terminate()


def kill_tree(child: Child) -> None:
    """Kill a server and everything it has started, and wait until all of them are gone."""
    process = psutil.Process(child.pid)
    family = [process, *process.children(recursive=True)]
    for each in family:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    while child.exit_code() is None:
        time.sleep(0.01)
    psutil.wait_procs(family[1:], timeout=30)


@asynccontextmanager
async def own_servers() -> AsyncIterator[tuple[Path, Postgres, OneBroker]]:
    """Start a durable PostgreSQL and a broker in a directory of their own; remove it all in the end."""
    directory = own_directory()
    postgres = Postgres(directory / "postgres", free_port())
    broker = Broker(directory / "kafka", free_port(), short_lived=True, settings=WITH_RIGHTS)
    try:
        postgres.start()
        broker.start()
        postgres.wait()
        broker.wait()
        yield directory, postgres, OneBroker(broker)
    finally:
        broker.stop()
        postgres.stop()
        remove(directory / "postgres")
        remove(directory)


def own_directory() -> Path:
    """Make a directory for one system; clear what killed test runs left of theirs."""
    runs = STATE / "fault"
    runs.mkdir(parents=True, exist_ok=True)
    for left in runs.iterdir():
        if left.name.partition("-")[0].isdigit() and not psutil.pid_exists(int(left.name.partition("-")[0])):
            remove(left / "postgres")
            remove(left)
    directory = runs / f"{os.getpid()}-{secrets.token_hex(2)}"
    directory.mkdir()
    return directory


@asynccontextmanager
async def running_system(
    directory: Path,
    postgres: Postgres,
    brokers: Killable,
    layout: Mapping[str, Sequence[str]] = LAYOUT,
    *,
    services: Sequence[str] = SERVICES,
    replication: int = 1,
) -> AsyncIterator[System]:
    """Start the services of a layout on servers that run, and stop them in the end.

    ``layout``: the roles of each process ``<service>.<name>``. ``replication``: copies of a record, with more brokers.
    """
    with Issuer() as issuer:
        system = System(directory, postgres, brokers, issuer)
        databases = Databases(postgres.url)
        try:
            for service in services:
                system.urls[service] = await databases.make(service)
            await topics.provision(system.bootstrap_servers, system.prefix, replication=replication)
            for name, roles in layout.items():
                system.add(name, *roles)
            await system.start(*layout)
            yield system
        finally:
            await system.close()
