"""One PostgreSQL and one Kafka per test run, from one of three sources.

Invariant: tests see URLs only. `INFRA=local` (default) starts both from packages, `INFRA=containers` with an engine
(`POSTGRES_IMAGE` and `KAFKA_IMAGE` name other images than the official ones), `INFRA=external` takes
`POSTGRES_ADMIN_URL` and `KAFKA_BOOTSTRAP_SERVERS` (servers for tests: roles are overwritten).
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import psutil
import pytest
from alembic import command
from sqlalchemy.engine import make_url

from deploy.local.broker import Broker
from deploy.local.paths import STATE
from deploy.local.postgres import Postgres, remove
from deploy.local.process import free_port
from shared.messaging.servers import KafkaServers
from shared.store import migrate
from shared.store.engine import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:18.6")
KAFKA_IMAGE = os.environ.get("KAFKA_IMAGE", "apache/kafka:4.3.1")
_AS_COMPOSE = "--auth=scram-sha-256 --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8"
_FOR_TESTS = "postgres -c max_connections=200 -c jit=off -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
_ROLES = ("owner", "api", "worker")
_PASSWORD = "test"  # roles belong to the server, so every module of a run must use the same


@dataclass(frozen=True)
class Infrastructure:
    """Where the servers of this test run are."""

    admin_url: str
    bootstrap_servers: str

    @property
    def servers(self) -> KafkaServers:
        """The brokers as whatever is tested takes them."""
        return KafkaServers(self.bootstrap_servers)


@dataclass(frozen=True)
class Urls:
    """The three URLs of one service's database."""

    owner: str
    api: str
    worker: str


ServiceDatabase = Callable[[str], Awaitable[Urls]]
"""`await service_database("registry")` gives the module's own, migrated database of that service."""


NEXT_COLUMN = "of_the_next_release"
TABLES_OF_SERVICE = """
    SELECT relname::text FROM pg_class
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
      AND relname <> 'alembic_version'
"""


async def add_next_columns(urls: Urls, name: str = NEXT_COLUMN) -> None:
    """Give every table a column that the code does not know, as the next release's migrations may before it runs.

    Tests run on such databases: the release before runs on its successor's schema.
    """
    owner = await asyncpg.connect(urls.owner)
    try:
        for (table,) in await owner.fetch(TABLES_OF_SERVICE):
            await owner.execute(f"ALTER TABLE {table} ADD COLUMN {name} text")
    finally:
        await owner.close()


class Databases:
    """Makes databases of one test module and drops them."""

    def __init__(self, admin_url: str, templates: dict[str, str] | None = None) -> None:
        """Let every database be a copy of its service's template, to be made where there is none, if given a place
        for their names; else migrate each."""
        self._admin_url = admin_url
        self._templates = templates
        self._made: dict[str, Urls] = {}

    async def make(self, service: str) -> Urls:
        """Make the migrated database of a service, once per module."""
        if service not in self._made:
            self._made[service] = await (self._migrate(service) if self._templates is None else self._copy(service))
        return self._made[service]

    async def make_empty(self, service: str) -> Urls:
        """Make a database of a service without its schema; it is dropped with the others."""
        urls = self._made[f"{service}, empty"] = self._new_urls(service)
        await self._provision(service, urls)
        return urls

    async def make_at(self, service: str, *revisions: str) -> Urls:
        """Make a database of a service as it was at some revisions, gone to one after the other."""
        urls = await self.make_empty(service)

        def upgrade(connection: Connection) -> None:
            config = migrate.alembic_config(service)
            config.attributes["connection"] = connection
            for revision in revisions:
                command.upgrade(config, revision)

        async with Store(urls.owner) as owner, owner.engine.connect() as connection:
            await connection.run_sync(upgrade)
        return urls

    async def _migrate(self, service: str) -> Urls:
        urls = self._new_urls(service)
        await self._provision(service, urls)
        await migrate.upgrade(service, urls.owner)
        await add_next_columns(urls)
        return urls

    async def _copy(self, service: str) -> Urls:
        assert self._templates is not None
        if service not in self._templates:
            self._templates[service] = _name(await self._migrate(service))
        urls = self._new_urls(service)
        await self._as_admin(
            f'CREATE DATABASE "{_name(urls)}" OWNER {service}_owner TEMPLATE "{self._templates[service]}"'
        )
        await self._provision(service, urls)  # rights on a database itself are not copied
        return urls

    async def drop(self) -> None:
        """Drop all of them, whoever is still connected."""
        await self._as_admin(*(f'DROP DATABASE "{_name(urls)}" WITH (FORCE)' for urls in self._made.values()))

    def _new_urls(self, service: str) -> Urls:
        own = make_url(self._admin_url).set(password=_PASSWORD, database=f"{service}_{secrets.token_hex(4)}")
        by_role = (own.set(username=f"{service}_{role}") for role in _ROLES)
        return Urls(*(url.render_as_string(hide_password=False) for url in by_role))

    async def _provision(self, service: str, urls: Urls) -> None:
        await migrate.provision(self._admin_url, service, urls.owner, urls.api, urls.worker)

    async def _as_admin(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._admin_url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()


def _name(urls: Urls) -> str:
    return str(make_url(urls.owner).database)


@contextmanager
def infrastructure_from(source: str) -> Iterator[Infrastructure]:
    """Give the servers of the source that `INFRA` names."""
    sources = {"local": _local, "containers": _containers, "external": _external}
    if source not in sources:
        pytest.exit(f"INFRA is {source!r}; it can be {', '.join(sources)}", returncode=2)
    with sources[source]() as infrastructure:
        yield infrastructure


@contextmanager
def _local() -> Iterator[Infrastructure]:
    runs = STATE / "test"
    runs.mkdir(parents=True, exist_ok=True)
    for left in runs.iterdir():
        if left.name.isdigit() and not psutil.pid_exists(int(left.name)):
            remove(left)
    directory = runs / str(os.getpid())
    with ExitStack() as stack:
        stack.callback(remove, directory)
        postgres = Postgres(directory / "postgres", free_port(), fsync=False)
        stack.callback(postgres.stop)
        broker = Broker(directory / "kafka", free_port(), short_lived=True)
        stack.callback(broker.stop)
        postgres.start()
        broker.start()
        postgres.wait()
        broker.wait()
        yield Infrastructure(postgres.url, broker.bootstrap_servers)


@contextmanager
def _external() -> Iterator[Infrastructure]:
    try:
        yield Infrastructure(os.environ["POSTGRES_ADMIN_URL"], os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    except KeyError as missing:
        pytest.exit(f"INFRA=external needs {missing} in the environment", returncode=2)


@contextmanager
def _containers() -> Iterator[Infrastructure]:
    from docker.errors import DockerException  # noqa: PLC0415 - slow to import, rarely used
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy  # noqa: PLC0415

    port = free_port()
    listeners = "PLAINTEXT://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093"
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": listeners,
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_HEAP_OPTS": "-Xmx768m",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    if not _engine_listens():
        pytest.skip("INFRA=containers needs a running container engine (DOCKER_HOST, or /var/run/docker.sock)")
    with ExitStack() as stack:
        try:
            server = PostgresContainer(POSTGRES_IMAGE, driver=None).with_env("POSTGRES_INITDB_ARGS", _AS_COMPOSE)
            postgres = stack.enter_context(server.with_command(_FOR_TESTS).with_kwargs(shm_size="256m"))
            # testcontainers' own KafkaContainer is made for another vendor's image
            kafka = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port).with_envs(**settings)
            stack.enter_context(kafka.waiting_for(LogMessageWaitStrategy("Kafka Server started")))
        except DockerException as error:
            pytest.skip(f"INFRA=containers needs the images {POSTGRES_IMAGE} and {KAFKA_IMAGE}: {error}")
        yield Infrastructure(postgres.get_connection_url(), f"127.0.0.1:{port}")


def _engine_listens() -> bool:
    if "DOCKER_HOST" in os.environ:
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex("/var/run/docker.sock") == 0
