"""Make what the services stand on: roles, databases, schema, topics.

Invariant: running it again changes nothing that is as it should be; it deletes nothing.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from deploy import kafka_access
from deploy.services import ROLES, SERVICES, url_name
from shared.messaging import topic_provisioning
from shared.messaging.servers import KafkaServers
from shared.service.service import reactions_of
from shared.store import migrate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.messaging.reactions import Reactions


@dataclass(frozen=True)
class Target:
    """The servers and every URL the services will use on them."""

    admin_url: str
    kafka: KafkaServers
    """As one who may make topics; if that is by name and password, the services' users and rights are made too."""
    users: Mapping[str, KafkaServers]
    """The same, as each service comes to them."""
    topic_prefix: str
    database_urls: Mapping[str, str]
    """By the name of the environment variable, as `REGISTRY_OWNER_DATABASE_URL`."""
    replication: int = 1
    """How many brokers keep each record: 3 where there are three or more."""

    @classmethod
    def from_environment(cls) -> Target:
        """Read the same variables the services read, `POSTGRES_ADMIN_URL`, `KAFKA_ADMIN_*` and `TOPIC_REPLICATION`."""
        names = [url_name(service, role) for service in SERVICES for role in ROLES]
        missing = [name for name in ("POSTGRES_ADMIN_URL", "KAFKA_BOOTSTRAP_SERVERS", *names) if name not in os.environ]
        if missing:
            raise KeyError(f"set {', '.join(missing)}")
        return cls(
            admin_url=os.environ["POSTGRES_ADMIN_URL"],
            kafka=administrator(os.environ),
            users=users_of(os.environ),
            topic_prefix=os.environ.get("TOPIC_PREFIX", ""),
            database_urls={name: os.environ[name] for name in names},
            replication=int(os.environ.get("TOPIC_REPLICATION", "1")),
        )


def reactions(service: str) -> Reactions:
    """Return everything that a service reacts to."""
    return reactions_of(service, import_module(f"services.{service}.app").PARTS)


def consumers() -> list[str]:
    """Return the services that consume; each one's name is its group's."""
    return [service for service in SERVICES if reactions(service).topics]


async def provision(target: Target) -> None:
    """Create or update roles, databases, schema and topics, and users and rights at Kafka where it has them."""
    for service in SERVICES:
        owner, api, worker = (target.database_urls[url_name(service, role)] for role in ROLES)
        await migrate.provision(target.admin_url, service, owner, api, worker)
        await migrate.upgrade(service, owner)
    await topic_provisioning.provision(target.kafka, consumers(), target.topic_prefix, replication=target.replication)
    if target.kafka.user:
        await asyncio.to_thread(kafka_access.grant, target.kafka, target.users, target.topic_prefix)


def administrator(environment: Mapping[str, str]) -> KafkaServers:
    """Return the brokers as the one who provisions comes to them."""
    return KafkaServers(
        environment["KAFKA_BOOTSTRAP_SERVERS"],
        environment.get("KAFKA_CA_FILE", ""),
        environment.get("KAFKA_ADMIN_USER", ""),
        environment.get("KAFKA_ADMIN_PASSWORD", ""),
    )


def users_of(environment: Mapping[str, str]) -> dict[str, KafkaServers]:
    """Return the brokers as each service comes to them."""
    return {service: KafkaServers.of_service(service, environment) for service in SERVICES}
