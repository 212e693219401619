"""How a service finds Kafka, and as whom: the addresses, the authority that vouches for them, a name and a password.

Invariant: every Kafka client of this code base is made with ``KafkaServers.options()``, so none is left that speaks in
the clear where an installation has TLS; a password is never sent without it.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import typer
from faststream.security import BaseSecurity, SASLScram512

from shared.ops import terminal

MECHANISM = "SCRAM-SHA-512"


class KafkaSettingsError(ValueError):
    """What was said of Kafka cannot be used; the text names the variables."""


@dataclass(frozen=True, slots=True)
class KafkaServers:
    """Brokers, and who we are to them. Raises KafkaSettingsError for a password that would go in the clear."""

    addresses: str
    """``host:port``, more than one separated by commas."""
    ca_file: str = ""
    """PEM: the authorities that may vouch for a broker's certificate, whose name must be right. Empty: no TLS."""
    user: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse half of a log-in, a log-in in the clear, and a file that is no list of authorities."""
        if bool(self.user) != bool(self.password):
            raise KafkaSettingsError("KAFKA_USER and KAFKA_PASSWORD go together")
        if self.password and not self.ca_file:
            raise KafkaSettingsError("KAFKA_PASSWORD needs KAFKA_CA_FILE: no password is sent without TLS")
        if self.ca_file:
            _context(self.ca_file)

    @classmethod
    def of_service(cls, service: str, environment: Mapping[str, str]) -> KafkaServers:
        """Read a service's own variables, the ones its settings read. Raises KeyError where no address is set."""
        return cls(
            environment["KAFKA_BOOTSTRAP_SERVERS"],
            environment.get("KAFKA_CA_FILE", ""),
            environment.get(f"{service}_KAFKA_USER".upper(), ""),
            environment.get(f"{service}_KAFKA_PASSWORD".upper(), ""),
        )

    def options(self) -> dict[str, Any]:
        """Return what any client of aiokafka has to be given to reach them."""
        options: dict[str, Any] = {"bootstrap_servers": self.addresses}
        if not self.ca_file:
            return options
        options |= {"security_protocol": "SSL", "ssl_context": _context(self.ca_file)}
        if self.user:
            options |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": MECHANISM,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options

    def security(self) -> BaseSecurity | None:
        """Return the same for FastStream."""
        if not self.ca_file:
            return None
        if not self.user:
            return BaseSecurity(ssl_context=_context(self.ca_file))
        return SASLScram512(self.user, self.password, ssl_context=_context(self.ca_file))


def servers_of(service: str) -> KafkaServers:
    """Return what a command works with that an operator runs for a service. Raises typer.BadParameter."""
    terminal.setting("KAFKA_BOOTSTRAP_SERVERS")
    try:
        return KafkaServers.of_service(service, os.environ)
    except KafkaSettingsError as error:
        raise typer.BadParameter(str(error), param_hint="environment") from error


@cache
def _context(ca_file: str) -> ssl.SSLContext:
    """Return how a broker is checked: TLS 1.2 or later, by these authorities alone, the host's name included."""
    if not Path(ca_file).is_file():
        raise KafkaSettingsError(f"KAFKA_CA_FILE: there is no file {ca_file}")
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise KafkaSettingsError(f"KAFKA_CA_FILE: {ca_file} holds no certificates in PEM") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
