"""Settings and secrets of local mode, and the environment each service gets.

Invariant: a secret is generated once and never changes (data is encrypted with it); a service gets only its own
variables: the ones below, and whatever the caller's environment has under the service's own prefix.
"""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING

from pydantic import Field
from pydantic_settings import BaseSettings
from sqlalchemy.engine import make_url

from deploy import credentials, provision
from deploy.local import certificates
from deploy.local.certificates import Certificates
from deploy.local.paths import STATE
from deploy.services import (
    ROLES,
    SERVICES,
    TABLE,
    called_by,
    kafka_password_name,
    kafka_user_name,
    password_name,
    url_name,
)
from shared.messaging.servers import KafkaServers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRETS = STATE / "secrets.env"
TEXTS = STATE / "sms.jsonl"
"""What phones would show."""
TLS = STATE / "tls"
_SENDER = "linbang@localhost"


def _ports() -> dict[str, int]:
    return {name: int(os.environ.get(f"{name}_PORT".upper(), entry.port)) for name, entry in TABLE.items()}


class LocalSettings(BaseSettings):
    """What the environment may set for `linbang local up`."""

    postgres_port: int = 54329
    kafka_port: int = 19092
    kafka_controller_port: int = 19093
    smtp_port: int = 2525
    ports: dict[str, int] = Field(default_factory=_ports)
    """Of each service; ``<SERVICE>_PORT`` sets another."""
    prometheus_port: int = 9090
    topic_prefix: str = ""
    postgres_admin_url: str | None = None
    """A server that exists already; none is started then."""
    kafka_bootstrap_servers: str | None = None
    """Brokers that exist already; none is started then."""
    secure: bool = False
    """TLS to both servers, a user for each service at Kafka. A system that was once started so stays so."""

    def certificates(self) -> Certificates | None:
        """Give the certificates of the servers that are started here, or None where they speak in the clear."""
        return certificates.make(TLS) if self.secure or TLS.exists() else None

    def port(self, service: str) -> int:
        """Give the HTTP port of a service."""
        return self.ports[service]

    def base_urls(self) -> dict[str, str]:
        """Give the address of every service."""
        return {service: f"http://127.0.0.1:{self.port(service)}" for service in SERVICES}


def load_secrets(path: Path = SECRETS) -> dict[str, str]:
    """Read the secrets; generate the ones that are not there yet."""
    lines = path.read_text().splitlines() if path.exists() else []
    known = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    complete = credentials.generate() | known
    if complete != known:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        with new.open("w") as file:
            file.writelines(f"{name}={value}\n" for name, value in complete.items())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    return complete


def database_urls(admin_url: str, secret: Mapping[str, str]) -> dict[str, str]:
    """Give every service role's URL: the environment's, or one on the server of `admin_url`."""
    server = make_url(admin_url)
    urls = {}
    for service, role in product(SERVICES, ROLES):
        password = secret[password_name(service, role)]
        own = server.set(username=f"{service}_{role}", password=password, database=service)
        name = url_name(service, role)
        urls[name] = os.environ.get(name) or own.render_as_string(hide_password=False)
    return urls


def operator_environment() -> dict[str, str]:
    """Give operators' commands every role's database, the brokers and the topics of the system that is kept here."""
    settings, secret = LocalSettings(), load_secrets(SECRETS)
    admin_url = settings.postgres_admin_url or f"postgresql://127.0.0.1:{settings.postgres_port}/postgres"
    if (made := settings.certificates()) and not settings.postgres_admin_url:
        admin_url += made.parameters
    users = kafka_users(settings, secret)
    return {
        **{name: value for service in SERVICES for name, value in _kafka_environment(service, users[service]).items()},
        "TOPIC_PREFIX": settings.topic_prefix,
        "LINBANG_PROCESSES": " ".join(f"{service}={url}" for service, url in settings.base_urls().items()),
        **database_urls(admin_url, secret),
    }


def kafka_users(settings: LocalSettings, secret: Mapping[str, str]) -> dict[str, KafkaServers]:
    """Give the brokers as each service comes to them: as the environment says, or those that are started here."""
    if settings.kafka_bootstrap_servers:
        return provision.users_of(os.environ)
    addresses, made = f"127.0.0.1:{settings.kafka_port}", settings.certificates()
    if made is None:
        return dict.fromkeys(SERVICES, KafkaServers(addresses))
    authority = str(made.authority)
    return {
        service: KafkaServers(addresses, authority, service, secret[kafka_password_name(service)])
        for service in SERVICES
    }


def _kafka_environment(service: str, servers: KafkaServers) -> dict[str, str]:
    named = {
        "KAFKA_BOOTSTRAP_SERVERS": servers.addresses,
        "KAFKA_CA_FILE": servers.ca_file,
        kafka_user_name(service): servers.user,
        kafka_password_name(service): servers.password,
    }
    return {name: value for name, value in named.items() if value}


def service_environment(
    service: str, settings: LocalSettings, secret: Mapping[str, str], urls: Mapping[str, str], servers: KafkaServers
) -> dict[str, str]:
    """Give a service the variables it needs and no others."""
    upper = service.upper()
    environment = {
        **_kafka_environment(service, servers),
        "TOPIC_PREFIX": settings.topic_prefix,
        f"{upper}_HOST": "127.0.0.1",
        f"{upper}_PORT": str(settings.port(service)),
        "JWKS_URL": f"{settings.base_urls()['registry']}/.well-known/jwks.json",
        **{url_name(service, role): urls[url_name(service, role)] for role in ("api", "worker")},
    }
    entry = TABLE[service]
    environment |= {name: secret[source] for name, source in entry.secrets.items()}
    environment |= {name: local for name, (_, local) in entry.relaxed.items()}
    if entry.sends_mail:
        environment |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(settings.smtp_port), "SMTP_FROM": _SENDER}
    if entry.sends_texts:
        environment[f"{upper}_SMS_FILE"] = str(TEXTS)
    environment |= {f"{other}_URL".upper(): settings.base_urls()[other] for other in called_by(service)}
    if entry.pages:
        environment[f"{upper}_ORIGIN"] = settings.base_urls()[service]
    return environment | {name: value for name, value in os.environ.items() if name.startswith(f"{upper}_")}
