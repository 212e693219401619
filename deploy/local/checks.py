"""What is checked before and while starting. Invariant: nothing is changed, and every message says what to do."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import smtplib
from typing import TYPE_CHECKING

import asyncpg
import httpx
import psutil

from deploy.local.broker import answers
from deploy.local.paths import STATE
from deploy.local.process import LocalError, port_is_free
from shared.messaging.servers import KafkaServers

if TYPE_CHECKING:
    from deploy.local.environment import LocalSettings

_NEEDED_BYTES = 1024**3


def disk() -> None:
    """Raise LocalError when too little space is left."""
    free = shutil.disk_usage(STATE).free
    if free < _NEEDED_BYTES:
        raise LocalError(
            f"The disk that holds {STATE} has {free / 1024**2:.0f} MiB left and {_NEEDED_BYTES / 1024**2:.0f} MiB are "
            "needed. Free some space, then start again."
        )


def ports(settings: LocalSettings) -> None:
    """Raise LocalError when a port is taken: by whom, and which setting changes it."""
    wanted = {"SMTP_PORT": settings.smtp_port}
    wanted |= {f"{service}_PORT".upper(): port for service, port in settings.ports.items()}
    if not settings.postgres_admin_url:
        wanted["POSTGRES_PORT"] = settings.postgres_port
    if not settings.kafka_bootstrap_servers:
        wanted |= {"KAFKA_PORT": settings.kafka_port, "KAFKA_CONTROLLER_PORT": settings.kafka_controller_port}
    taken = [(name, port) for name, port in wanted.items() if not port_is_free(port)]
    if taken:
        lines = [f"  {port} is taken{_by(port)}; another one: {name}={port + 1000} make up" for name, port in taken]
        raise LocalError("\n".join(["A port that Linbang needs is in use:", *lines]))


def _by(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if (
                connection.status == psutil.CONN_LISTEN
                and connection.laddr
                and connection.laddr.port == port
                and connection.pid
            ):
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""


async def reachable(admin_url: str, servers: KafkaServers) -> None:
    """Raise LocalError when one of the servers cannot be used."""
    try:
        connection = await asyncpg.connect(admin_url, timeout=10)
        await connection.close()
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise LocalError(
            f"PostgreSQL at {admin_url.rsplit('@', 1)[-1].partition('?')[0]} does not accept us: {error}"
        ) from error
    if not await asyncio.to_thread(answers, servers):
        raise LocalError(f"No Kafka broker answers at {servers.addresses} (KAFKA_BOOTSTRAP_SERVERS).")


def mail_greets(port: int) -> bool:
    """Whether the mail server says hello."""
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=2):
            return True
    except (OSError, smtplib.SMTPException):
        return False


def service_is_ready(client: httpx.Client, address: str) -> bool:
    """Whether a service says that it can do its work."""
    try:
        return client.get(f"{address}/health/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
