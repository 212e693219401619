"""How a service's process runs: ``python -m services.<name> ROLE...``.

The roles are api, relay, consumer, worker, or all.
"""

import argparse
import asyncio
import resource
import signal
import sys
from collections.abc import Callable, Collection, Coroutine, Sequence
from functools import partial

import structlog
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from shared.messaging.observer import Observer
from shared.ops import tracing
from shared.ops.garbage import collect_rarely
from shared.ops.health import Heartbeat
from shared.ops.logging import configure
from shared.service.app import build_app
from shared.service.roles import background_roles
from shared.service.service import Service
from shared.service.start import EXIT_CODE, StartRefusedError, check_start
from shared.service.supervision import supervise
from shared.store.engine import Store

WORKER_CONNECTIONS = 8
CANCEL_AGAIN_SECONDS = 15.0
OPEN_CONNECTIONS = 4096
"""Granian lets in nobody else while so many connections are open, and those count that browsers keep open for later."""
_FILES = 2 * OPEN_CONNECTIONS


def main(compose: Callable[[], Service]) -> None:
    """Run a service with the roles named on the command line."""
    service = compose()
    roles = ["api", *background_roles(service)]
    parser = argparse.ArgumentParser(prog=f"python -m services.{service.name}")
    parser.add_argument("roles", nargs="+", choices=[*roles, "all"], metavar="ROLE", help=", ".join([*roles, "all"]))
    chosen = parser.parse_args().roles
    configure(service.name)
    tracing.configure(service.name)
    collect_rarely()
    _allow_files()
    try:
        uvloop.run(run(service, roles if "all" in chosen else chosen))
    except StartRefusedError as refused:
        sys.exit(_refused(refused))


def _refused(refused: StartRefusedError) -> int:
    """Say why a service does not start, as the last thing that it writes; return the exit code."""
    structlog.get_logger().critical("start refused", reason=str(refused))
    sys.stderr.write(f"{refused}\n")
    return EXIT_CODE


def _allow_files() -> None:
    """Let the process have a file for each connection, where it may: a shell's usual limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def run(service: Service, roles: Sequence[str]) -> None:
    """Run roles until SIGTERM or SIGINT. Raises StartRefusedError where the service must not."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    worker = Store(service.settings.worker_database_url, pool_size=WORKER_CONNECTIONS)
    background = {role: build for role, build in background_roles(service).items() if role in roles}
    if "relay" in roles:
        background["observer"] = lambda store: Observer(store).run
    heartbeats = {role: Heartbeat(role) for role in background}
    checking = asyncio.create_task(check_start(service, worker, list(heartbeats.values())))
    tasks = [
        asyncio.create_task(_once(checking, supervise(partial(build, worker), heartbeats[role])))
        for role, build in background.items()
    ]
    app = build_app(service, list(heartbeats.values()), with_routes="api" in roles)
    server = Server(
        app,
        address=service.settings.host,
        port=service.settings.port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        backlog=1024,
        backpressure=OPEN_CONNECTIONS,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping, checking), return_when=asyncio.FIRST_COMPLETED)
    if checking.done() and not checking.exception():
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    for part in service.parts:
        if part.stop:
            part.stop(app)
    server.stop()  # type: ignore[no-untyped-call]
    await _end(tasks)
    await serving
    await worker.close()
    tracing.shut_down()
    if not checking.cancel():
        checking.result()


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks until all have ended.

    Once is not enough: ``asyncio.wait_for`` of Python 3.11, by which the Kafka client waits for answers, loses a
    cancellation that comes just when the answer does; and a client may wait for a broker that is no more.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)


async def _once(checking: asyncio.Task[None], work: Coroutine[None, None, None]) -> None:
    """Begin work once the start is checked; where it is refused, never."""
    try:
        await asyncio.wait((checking,))
        if not checking.exception():
            await work
    finally:
        work.close()
