"""Start and stop the whole system on this machine.

Invariant: one system per `.local/` (a file lock that dies with its holder); what was started is stopped in reverse
order, and nothing a killed runner left can keep the next one from starting. Why no process manager: docs/adr/0006.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import httpx
from rich.console import Console

from deploy import assets, provision
from deploy.demo.district import Platform
from deploy.local import checks, first_start, postgres
from deploy.local.broker import Broker, Security
from deploy.local.environment import (
    TEXTS,
    TLS,
    LocalSettings,
    database_urls,
    kafka_users,
    load_secrets,
    service_environment,
)
from deploy.local.paths import ROOT, STATE
from deploy.local.postgres import Postgres
from deploy.local.process import Child, LocalError, clear_stale, pid_line
from deploy.services import SERVICES, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from shared.messaging.servers import KafkaServers

_RUN = STATE / "run"
_LOG = STATE / "log"
_POSTGRES = STATE / "postgres"
_KAFKA = STATE / "kafka"
MAIL = STATE / "mail"
_SEEDED = STATE / "seeded.json"
_LOCK = _RUN / "lock"
_RUNNER_PID = _RUN / "runner.pid"
_RUNNING = _RUN / "running.json"
_STARTED_HERE = (_POSTGRES, _KAFKA, MAIL, _LOG, _RUN, TLS, STATE / "prometheus")
_SERVICE_SECONDS = 180

console = Console(highlight=False, soft_wrap=True)


class AlreadyRunningError(LocalError):
    """Another runner has the lock."""


@dataclass
class System:
    """A running system: where it is, and what it consists of."""

    pid: int
    base_urls: dict[str, str]
    bootstrap_servers: str
    postgres: str
    mail: str
    log_ins: list[str] = field(default_factory=list)


def up() -> int:
    """Run the system until Ctrl-C or SIGTERM; return the exit code."""
    if system := find_running():
        console.print("Linbang is already running:")
        show(system)
        return 0
    children: list[Child] = []
    try:
        with running_system(children) as system:
            show(system)
            console.print("Ctrl-C stops all of it.")
            _watch(children)
    except KeyboardInterrupt:
        console.print("Stopped. The data is kept; `make up` starts it again.")
        return 0
    except AlreadyRunningError as error:
        console.print(str(error))
        return 0
    except LocalError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        console.print(f"The disk that holds {STATE} is full: {error}. Free some space, then start again.")
        return 1
    return 0


def down() -> int:
    """Stop the running system, or clear what a crashed one left."""
    if _RUNNER_PID.exists():
        console.print("Stopping …")
        clear_stale(_RUNNER_PID, timeout=120)
    for pid_file in _pid_files():
        clear_stale(pid_file)
    _RUNNING.unlink(missing_ok=True)
    console.print("Linbang is not running.")
    return 0


def clean() -> int:
    """Remove all data, logs and secrets of local mode; keep what was downloaded."""
    if find_running():
        console.print("Linbang is running; stop it first: make down")
        return 1
    down()
    postgres.remove(_POSTGRES)
    for path in _STARTED_HERE:
        shutil.rmtree(path, ignore_errors=True)
    for path in (STATE / "secrets.env", _SEEDED):
        path.unlink(missing_ok=True)
    return 0


def find_running() -> System | None:
    """Find the system that runs on this checkout's `.local/`, if one does and is ready."""
    if not _LOCK.exists():
        return None
    with _LOCK.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(FileNotFoundError):  # it is starting or stopping
                return System(**json.loads(_RUNNING.read_text()))
    return None


@contextmanager
def running_system(children: list[Child] | None = None, *, seeding: bool = True) -> Iterator[System]:
    """Start everything, give its addresses, stop everything in reverse order. Call it from the main thread.

    ``seeding``: load the sample on the first start.
    """
    children = [] if children is None else children
    settings = LocalSettings()
    STATE.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_stopped_by_signals())
        stack.enter_context(_lock())
        checks.disk()
        for pid_file in _pid_files():
            clear_stale(pid_file)
        checks.ports(settings)
        secret = load_secrets()
        admin_url, kafka = _start_servers(stack, children, settings, secret)
        urls = database_urls(admin_url, secret)
        with _step("Databases and topics"):
            target = provision.Target(admin_url, kafka, kafka_users(settings, secret), settings.topic_prefix, urls)
            asyncio.run(provision.provision(target))
        assets.unpack()
        with _step("Services"):
            _start_services(stack, children, settings, target)
        system = System(
            pid=os.getpid(),
            base_urls=settings.base_urls(),
            bootstrap_servers=kafka.addresses,
            postgres=_postgres_place(settings, admin_url),
            mail=f"127.0.0.1:{settings.smtp_port}, kept in {MAIL}",
            log_ins=_seed(Platform(settings.base_urls(), secret["REGISTRY_OPERATOR_PASSWORD"])) if seeding else [],
        )
        _remember(_RUNNING, asdict(system))
        stack.callback(_RUNNING.unlink, missing_ok=True)
        stack.callback(console.print, "Stopping …")
        yield system


def show(system: System) -> None:
    """Print the addresses, last the one that people open."""
    for service, address in system.base_urls.items():
        if not TABLE[service].pages:
            console.print(f"  {service:<14}{address}/docs")
    console.print(f"  {'Kafka':<14}{system.bootstrap_servers}")
    console.print(f"  {'PostgreSQL':<14}{system.postgres}")
    console.print(f"  {'mail':<14}{system.mail}")
    console.print(f"  {'texts':<14}to phones are kept in {TEXTS}")
    console.print(f"  {'logs':<14}{_LOG}")
    console.print("Log-ins (name, password):")
    for line in system.log_ins:
        console.print(f"  {line}")
    for service, address in system.base_urls.items():
        if TABLE[service].pages:
            console.print(f"Open {address} and log in by one of these names.")


def _start_servers(
    stack: ExitStack, children: list[Child], settings: LocalSettings, secret: Mapping[str, str]
) -> tuple[str, KafkaServers]:
    database = broker = None
    made = settings.certificates()
    with _step("PostgreSQL, Kafka and mail"):
        mail = _mail(settings)
        if not settings.postgres_admin_url:
            database = Postgres(_POSTGRES, settings.postgres_port, log=_LOG / "postgres.log", certificates=made)
            database.start()
            stack.callback(database.stop)
            children.append(database.child)
        if not settings.kafka_bootstrap_servers:
            broker = Broker(
                _KAFKA,
                settings.kafka_port,
                settings.kafka_controller_port,
                log=_LOG / "kafka.log",
                security=Security(made, secret["KAFKA_ADMIN_PASSWORD"]) if made else None,
            )
            broker.start()
            stack.callback(broker.stop)
            children.append(broker.child)
        mail.start()
        stack.callback(mail.stop)
        children.append(mail)
        mail.wait_until(lambda: checks.mail_greets(settings.smtp_port), timeout=20)
        if database:
            database.wait()
        if broker:
            broker.wait()
    admin_url = settings.postgres_admin_url or (database.url if database else "")
    kafka = broker.servers if broker else provision.administrator(os.environ)
    asyncio.run(checks.reachable(admin_url, kafka))
    return admin_url, kafka


def _start_services(stack: ExitStack, children: list[Child], settings: LocalSettings, target: provision.Target) -> None:
    secret = load_secrets()
    services = [
        Child(
            name=service,
            command=[sys.executable, "-m", f"services.{service}", "all"],
            log=_LOG / f"{service}.log",
            pid_file=_RUN / f"{service}.pid",
            environment=service_environment(service, settings, secret, target.database_urls, target.users[service]),
            directory=ROOT,
        )
        for service in SERVICES
    ]
    for child in services:
        child.start()
        stack.callback(child.stop)
        children.append(child)
    with httpx.Client(timeout=2) as client:
        for child in services:
            ready = partial(checks.service_is_ready, client, settings.base_urls()[child.name])
            child.wait_until(ready, _SERVICE_SECONDS)


def _postgres_place(settings: LocalSettings, admin_url: str) -> str:
    """Give the address, and where the data is when it could not be in `.local/`."""
    address = admin_url.rsplit("@", 1)[-1].partition("?")[0].removesuffix("/postgres")
    note = _POSTGRES / "data-is-in"
    if settings.postgres_admin_url or not note.exists():
        return address
    return f"{address}, data in {note.read_text().strip()} (its account cannot enter {STATE})"


def _mail(settings: LocalSettings) -> Child:
    listen = f"127.0.0.1:{settings.smtp_port}"
    return Child(
        name="mail",
        command=[sys.executable, "-m", "aiosmtpd", "-n", "-l", listen, "-c", "aiosmtpd.handlers.Mailbox", str(MAIL)],
        log=_LOG / "mail.log",
        pid_file=_RUN / "mail.pid",
    )


@contextmanager
def _lock() -> Iterator[None]:
    _RUN.mkdir(parents=True, exist_ok=True)
    with _LOCK.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError("Linbang is being started or stopped by another process.") from error
        _RUNNING.unlink(missing_ok=True)
        _RUNNER_PID.write_text(pid_line(os.getpid()))
        try:
            yield
        finally:
            _RUNNER_PID.unlink(missing_ok=True)


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    console.print(f"{what} …", end=" ")
    try:
        yield
    except BaseException:
        console.print()
        raise
    console.print(f"{time.monotonic() - began:.1f} s")


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into one KeyboardInterrupt; later ones do not disturb the stopping."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(children: list[Child]) -> NoReturn:
    """Return never; raise as soon as a child ends."""
    while True:
        for child in children:
            if (code := child.exit_code()) is not None:
                raise LocalError(f"{child.name} ended with exit code {code}; stopping the rest.\n{child.last_lines()}")
        time.sleep(0.5)


def _pid_files() -> list[Path]:
    services = [_RUN / f"{service}.pid" for service in reversed(SERVICES)]
    return [*services, _RUN / "mail.pid", _KAFKA / "kafka.pid", _POSTGRES / "postgres.pid"]


def _seed(platform: Platform) -> list[str]:
    """Load the sample once and remember what to print; later starts print the same."""
    if not _SEEDED.exists():
        with _step("Sample district (first start only)"):
            lines = first_start.seed(platform)
        _remember(_SEEDED, lines)
    remembered: list[str] = json.loads(_SEEDED.read_text())
    return remembered


def _remember(path: Path, value: object) -> None:
    """Write JSON that only we can read: it holds log-ins."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(value))
