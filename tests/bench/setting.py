"""What the rows stand on: servers of the benchmark's own, and for each row its own databases, topics and processes.

Invariant: PostgreSQL is durable (fsync and synchronous_commit on), every process of the system is a process of its
own, and what a row started is stopped, and its databases dropped, before the next one begins.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from deploy.local.broker import Broker
from deploy.local.paths import ROOT, STATE
from deploy.local.postgres import Postgres, remove
from deploy.local.process import Child, free_port
from tests.bench import profile
from tests.support import topics
from tests.support.infrastructure import Databases, Urls

POLL_SECONDS = 0.02
LONGEST_WAIT = 600.0


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Kafka as the benchmark runs them."""

    postgres: Postgres
    broker: Broker
    directory: Path


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Start PostgreSQL and Kafka in a directory of their own; remove it all in the end."""
    runs = STATE / "bench"
    runs.mkdir(parents=True, exist_ok=True)
    for left in runs.iterdir():
        if left.name.isdigit() and not psutil.pid_exists(int(left.name)):
            remove(left / "postgres")
            remove(left)
    directory = runs / str(os.getpid())
    with ExitStack() as stack:
        stack.callback(remove, directory)
        postgres = Postgres(directory / "postgres", free_port())
        stack.callback(remove, postgres.directory)
        stack.callback(postgres.stop)
        broker = Broker(directory / "kafka", free_port())
        stack.callback(broker.stop)
        postgres.start()
        broker.start()
        postgres.wait()
        asyncio.run(profile.load_statement_statistics(postgres.url))
        postgres.stop()
        postgres.start()
        postgres.wait()
        asyncio.run(profile.follow_statements(postgres.url, on=False))
        broker.wait()
        yield Servers(postgres, broker, directory)


@dataclass
class Setting:
    """What one row works with."""

    servers: Servers
    profiled: bool = False
    prefix: str = field(default_factory=lambda: f"bench-{secrets.token_hex(4)}.")
    seconds: float = 0.0
    """How long the watched part took."""
    spent: dict[str, float] = field(default_factory=dict)
    """CPU seconds of every process in the watched part."""
    statements: list[str] = field(default_factory=list)
    """Where the watched part's time in PostgreSQL went, if profiled."""
    _databases: list[Databases] = field(default_factory=list)
    _children: dict[str, Child] = field(default_factory=dict)
    _profiles: dict[str, Path] = field(default_factory=dict)

    @property
    def bootstrap_servers(self) -> str:
        """Where Kafka is."""
        return self.servers.broker.bootstrap_servers

    def path(self, name: str) -> Path:
        """Return a path for a file of this row."""
        directory = self.servers.directory / self.prefix
        directory.mkdir(exist_ok=True)
        return directory / name

    async def database(self, service: str) -> Urls:
        """Make a new, migrated database of a service."""
        databases = Databases(self.servers.postgres.url)
        self._databases.append(databases)
        return await databases.make(service)

    async def new_topics(self) -> str:
        """Provision every topic under a new prefix and return the prefix."""
        self.prefix = f"bench-{secrets.token_hex(4)}."
        await topics.provision(self.bootstrap_servers, self.prefix)
        return self.prefix

    def start(self, name: str, module: str, *arguments: str, **environment: str) -> Child:
        """Start ``python -m module arguments`` as process ``name``, with what all of them need in the environment."""
        command = [sys.executable, "-m", module, *arguments]
        if self.profiled:
            self._profiles[name] = self.path(f"{name}.prof")
            command[2:2] = ["tests.bench.profile", str(self._profiles[name])]
        child = Child(
            name=name,
            command=command,
            log=self.path(f"{name}.log"),
            pid_file=self.path(f"{name}.pid"),
            environment={
                "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
                "TOPIC_PREFIX": self.prefix,
                "RESULT": str(self.path(f"{name}.json")),
                **environment,
            },
            directory=ROOT,
        )
        child.start()
        self._children[name] = child
        return child

    def pid(self, name: str) -> int:
        """Return the number of a process that runs."""
        return self._children[name].pid

    def stop(self, *names: str) -> None:
        """Stop processes, or all that this row has started."""
        for name in names or list(self._children):
            self._children.pop(name).stop()

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition; fail where a process ends before it holds."""
        deadline = time.monotonic() + LONGEST_WAIT
        while not await condition():
            for child in self._children.values():
                if (code := child.exit_code()) is not None:
                    raise RuntimeError(f"{child.name} ended with exit code {code}\n{child.last_lines()}")
            if time.monotonic() > deadline:
                logs = "\n".join(child.last_lines() for child in self._children.values())
                raise TimeoutError(f"waited for {LONGEST_WAIT} s\n{logs}")
            await asyncio.sleep(POLL_SECONDS)

    async def result(self, name: str) -> Any:
        """Wait until a process has written its RESULT and return it."""
        file = self.path(f"{name}.json")

        async def written() -> bool:
            return file.exists()

        await self.until(written)
        return json.loads(file.read_text())

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Note, for the part of the row that its figure is of, how long it takes and who spends the CPU."""
        if self.profiled:
            await profile.follow_statements(self.servers.postgres.url, on=True)
        before, started = self._cpu_seconds(), time.monotonic()
        yield
        self.seconds = time.monotonic() - started
        self.spent = {name: seconds - before.get(name, 0.0) for name, seconds in self._cpu_seconds().items()}
        if self.profiled:
            await profile.follow_statements(self.servers.postgres.url, on=False)
            self.statements = await profile.top_statements(self.servers.postgres.url)

    async def close(self) -> None:
        """Stop every process and drop every database of this row."""
        self.stop()
        for databases in self._databases:
            await databases.drop()

    def where(self) -> list[str]:
        """Say where the watched part's time went; functions only after the processes have been stopped."""
        cpu = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(self.spent.items(), key=lambda i: -i[1]))
        lines = [f"{self.seconds:.1f} s; CPU seconds: {cpu}"]
        if self.statements:
            lines += ["", "PostgreSQL:", *self.statements]
        for name, file in self._profiles.items():
            if file.exists():
                lines += ["", f"{name} (own time, whole life of the process):", *profile.top_functions(file)]
        return lines

    def _cpu_seconds(self) -> dict[str, float]:
        servers = {"PostgreSQL": self.servers.postgres.child, "Kafka": self.servers.broker.child}
        return {name: _cpu_seconds(child.pid) for name, child in {**servers, **self._children}.items()}


def _cpu_seconds(pid: int) -> float:
    process = psutil.Process(pid)
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return total
