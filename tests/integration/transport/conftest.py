"""Both servers as an installation has them: with certificates, and a user for each service at Kafka."""

from __future__ import annotations

import asyncio
import gc
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka.admin import AdminClient, ResourceType

from deploy import kafka_access
from deploy.local import certificates
from deploy.local.broker import Broker, Security
from deploy.local.postgres import Postgres, remove
from deploy.local.process import free_port
from deploy.provision import consumers
from deploy.services import SERVICES
from shared.messaging import topic_provisioning
from shared.messaging.servers import KafkaServers
from tests.support.eventually import eventually
from tests.support.infrastructure import Databases

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from deploy.local.certificates import Certificates


@dataclass(frozen=True)
class Installation:
    """Two servers that let in nobody without TLS and a log-in."""

    postgres: Postgres
    broker: Broker
    users: Mapping[str, KafkaServers]
    made: Certificates
    databases: Databases


@pytest.fixture(scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    made = certificates.make(folder / "tls")
    with ExitStack() as stack:
        stack.callback(remove, folder / "postgres")
        postgres = Postgres(folder / "postgres", free_port(), fsync=False, certificates=made)
        stack.callback(postgres.stop)
        security = Security(made, secrets.token_urlsafe(24))
        broker = Broker(folder / "kafka", free_port(), short_lived=True, security=security)
        stack.callback(broker.stop)
        postgres.start()
        broker.start()
        postgres.wait()
        broker.wait()
        users = {service: _user(broker, made.authority, service) for service in SERVICES}
        await topic_provisioning.provision(broker.servers, consumers())
        kafka_access.grant(broker.servers, users, "")
        for service, servers in users.items():  # a broker takes up what the controller has noted, a moment later
            await eventually(partial(_sees_its_own, service, servers))
        yield Installation(postgres, broker, users, made, Databases(postgres.url))


def _user(broker: Broker, authority: Path, service: str) -> KafkaServers:
    return KafkaServers(broker.bootstrap_servers, str(authority), service, secrets.token_urlsafe(24))


@pytest.fixture
async def nothing_left_open(installation: Installation) -> AsyncIterator[None]:
    """Wait until no connection to the broker is left once a test is over, so that no later test finds one.

    aiokafka closes a connection that is refused while it is made, and does not wait for its end.
    """
    yield
    await eventually(partial(_no_connection, installation.broker.port))


async def _no_connection(port: int) -> bool:
    gc.collect()
    return not [one for one in psutil.Process().net_connections("tcp") if one.raddr and one.raddr.port == port]


async def _sees_its_own(service: str, servers: KafkaServers) -> bool:
    """Ask by another library, which tries again by itself and leaves no half-open connection where it is refused."""
    client = AdminClient(kafka_access.options_of(servers))
    told = await asyncio.to_thread(client.list_topics, timeout=60)
    topics = {right.name for right in kafka_access.rights_of(service) if right.kind is ResourceType.TOPIC}
    return topics <= told.topics.keys()


async def topics_seen(servers: KafkaServers) -> set[str]:
    """Return the topics that the broker tells this user of."""
    client = AIOKafkaConsumer(**servers.options())
    try:
        await client.start()
        return set(await client.topics())
    finally:
        await client.stop()
