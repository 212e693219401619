"""The table of services: what the rest of the installation has to know of each.

Invariant: a service is listed here and nowhere else. The command line, provisioning, local mode, secrets, the compose
file, Prometheus and the tests' lists all follow from this table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROLES = ("owner", "api", "worker")
"""The database roles of a service."""


@dataclass(frozen=True)
class Entry:
    """One service."""

    port: int
    """Of its HTTP interface on this machine."""
    about: str
    """What ``linbang --help`` says of it."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """The secrets it is given: environment variable -> name of the secret."""
    relaxed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Settings that local mode relaxes: environment variable -> its value unless an installation says otherwise, and
    the one in local mode, where passwords that are printed on the screen open a sample."""
    may_have: Sequence[str] = ()
    """Settings that an installation may say: environment variables, empty where it does not."""
    sends_mail: bool = False
    sends_texts: bool = False
    """To phones: through a gateway, or into a file in local mode."""
    pages: bool = False
    """What it serves are pages for people: it calls every other service, and is told what address browsers open."""


_BEHIND_THE_PORTAL = {"PORTAL_ADDRESS_KEY": "PORTAL_ADDRESS_KEY"}
"""What tells those with routes for everybody whose requests the portal passes on."""

TABLE: Mapping[str, Entry] = {
    "registry": Entry(
        8101,
        "People and places: import a roster, accounts.",
        {
            "FILE_KEY": "REGISTRY_FILE_KEY",
            "REGISTRY_MASTER_KEY": "REGISTRY_MASTER_KEY",
            "REGISTRY_BLIND_INDEX_KEY": "REGISTRY_BLIND_INDEX_KEY",
            "REGISTRY_OPERATOR_PASSWORD": "REGISTRY_OPERATOR_PASSWORD",
            "CONTACT_PUBLIC_KEY": "CONTACT_PUBLIC_KEY",
        }
        | _BEHIND_THE_PORTAL,
        relaxed={"REGISTRY_SECOND_FACTOR_REQUIRED": ("true", "false")},
        may_have=["REGISTRY_OIDC"],
        sends_mail=True,
        sends_texts=True,
    ),
    "activities": Entry(
        8102,
        "Activities and service records: import records.",
        {"FILE_KEY": "ACTIVITIES_FILE_KEY", "ACTIVITIES_ATTENDANCE_KEY": "ACTIVITIES_ATTENDANCE_KEY"}
        | _BEHIND_THE_PORTAL,
    ),
    "assessment": Entry(8103, "Hours, stars, and what they rest on.", _BEHIND_THE_PORTAL),
    "notifications": Entry(
        8104,
        "Messages and their deliveries.",
        {"CONTACT_PRIVATE_KEY": "CONTACT_PRIVATE_KEY"},
        sends_mail=True,
        sends_texts=True,
    ),
    "portal": Entry(
        8105,
        "The pages that people see.",
        {"PORTAL_SESSION_KEY": "PORTAL_SESSION_KEY"} | _BEHIND_THE_PORTAL,
        pages=True,
    ),
}
SERVICES = tuple(TABLE)


def called_by(service: str) -> tuple[str, ...]:
    """Return the services that a service calls; it finds each in ``<SERVICE>_URL``."""
    return tuple(other for other in SERVICES if other != service) if TABLE[service].pages else ()


def url_name(service: str, role: str) -> str:
    """Name the environment variable that holds a database URL."""
    return f"{service}_{role}_DATABASE_URL".upper()


def password_name(service: str, role: str) -> str:
    """Name the variable that holds the password of a database role."""
    return f"{service}_{role}_PASSWORD".upper()


def kafka_user_name(service: str) -> str:
    """Name the variable that says as whom a service comes to Kafka."""
    return f"{service}_KAFKA_USER".upper()


def kafka_password_name(service: str) -> str:
    """Name the variable that holds the password of that user."""
    return f"{service}_KAFKA_PASSWORD".upper()
