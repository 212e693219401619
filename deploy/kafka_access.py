"""Who may do what at Kafka: a user for each service, which alone may write the service's topics.

Invariant: what a service may do follows from what it is: it writes the topics it owns, those of every service and its
dead letters, reads the topics it reacts to or follows, in the group of its name. Nobody but an administrator makes
topics. Run again, it adds what is missing and takes nothing away.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from deploy.services import SERVICES
from shared.contracts.topics import TOPICS
from shared.messaging.dead_letter import dead_letter_topic
from shared.messaging.servers import MECHANISM
from shared.service.service import reactions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Future

    from shared.messaging.servers import KafkaServers

_ITERATIONS = 8192
_SECONDS = 30


class Right(NamedTuple):
    """What a service may do with one topic or group, by its logical name."""

    kind: ResourceType
    name: str
    operation: AclOperation


def rights_of(service: str) -> list[Right]:
    """Return all that a service may do. Who reads or writes a topic may also ask where it begins and ends."""
    parts = import_module(f"services.{service}.app").PARTS
    read = {*reactions_of(service, parts).topics, *(topic for part in parts for topic in part.follows)}
    written = {topic.name for topic in TOPICS.values() if topic.owner in {service, "every service"}}
    rights = [Right(ResourceType.TOPIC, topic, AclOperation.READ) for topic in sorted(read)]
    if reactions_of(service, parts).topics:
        written.add(dead_letter_topic(service).name)
        rights.append(Right(ResourceType.GROUP, service, AclOperation.READ))
    return [*rights, *(Right(ResourceType.TOPIC, topic, AclOperation.WRITE) for topic in sorted(written))]


def grant(admin: KafkaServers, users: Mapping[str, KafkaServers], prefix: str) -> None:
    """Make the user of each service, and give it its rights. Raises KafkaException where that is refused.

    ``users`` are the servers as each service comes to them. ``prefix`` goes before the name of every topic and group.
    """
    client = AdminClient(options_of(admin))
    mechanism = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(servers.user, mechanism, servers.password.encode()) for servers in users.values()
    ]
    _wait(client.alter_user_scram_credentials(wanted).values())
    bindings = [_binding(users[service].user, right, prefix) for service in users for right in rights_of(service)]
    _wait(client.create_acls(bindings).values())


def _binding(user: str, right: Right, prefix: str) -> AclBinding:
    anywhere, allowed = "*", AclPermissionType.ALLOW
    return AclBinding(
        right.kind, prefix + right.name, ResourcePatternType.LITERAL, f"User:{user}", anywhere, right.operation, allowed
    )


def options_of(servers: KafkaServers) -> dict[str, str | int | float | bool]:
    """Return what a client of confluent-kafka has to be given to reach them."""
    options: dict[str, str | int | float | bool] = {"bootstrap.servers": servers.addresses}
    if servers.ca_file:
        options |= {"security.protocol": "SSL", "ssl.ca.location": servers.ca_file}
    if servers.user:
        options |= {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": MECHANISM,
            "sasl.username": servers.user,
            "sasl.password": servers.password,
        }
    return options


def _wait(results: Iterable[Future[Any]]) -> None:
    for result in results:
        result.result(_SECONDS)


def _print_rights() -> None:
    for service in SERVICES:
        for right in rights_of(service):
            print(f"{service}\t{right.operation.name}\t{right.kind.name}\t{right.name}")  # noqa: T201


if __name__ == "__main__":
    _print_rights()
