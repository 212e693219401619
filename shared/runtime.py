"""How a service runs: ``python -m services.<name> ROLE...``.

The roles are api, relay, consumer, importer, the service's own loops, or all.

Invariant: roles share nothing but the database, so they may be in one process or in many. Every process answers
``/health/live``, ``/health/ready`` and ``/metrics``; the service's routes are there where ``api`` is among its roles.
"""

import argparse
import asyncio
import base64
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import structlog
import uvloop
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from granian.constants import Interfaces
from granian.server.embed import Server
from opentelemetry.trace import Span, StatusCode
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import text
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import problems
from shared.http.auth import FetchKeys, Verifier, anyone
from shared.http.bodies import LimitBody
from shared.http.openapi import Application
from shared.imports.api import MAX_UPLOAD_BYTES
from shared.imports.api import PREFIX as IMPORTS
from shared.imports.api import router as import_routes
from shared.imports.importer import Importer
from shared.imports.job import ImportKind
from shared.messaging.batch import Handlers, StateHandlers
from shared.messaging.consumer import MAX_POLL_INTERVAL_MS, SESSION_TIMEOUT_MS, Consumer, Membership
from shared.messaging.faults import is_transient
from shared.messaging.observer import Observer
from shared.messaging.positions import pass_end_of
from shared.messaging.relay import Relay
from shared.ops import metrics, tracing
from shared.ops.garbage import collect_rarely
from shared.ops.health import Heartbeat
from shared.ops.logging import configure
from shared.store.engine import Store

API_CONNECTIONS, WORKER_CONNECTIONS = 16, 8
LONGEST_BACK_OFF = 30.0
ANSWER_SECONDS = 2.0
"""Within it the database answers ``/health/ready``, or counts as away; probes wait for 4 s."""
log = structlog.get_logger()


class ServiceSettings(BaseSettings):
    """Settings that every service has. A subclass sets ``env_prefix`` to the service's name."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # among what was read are secrets

    api_database_url: str
    worker_database_url: str
    host: str = "127.0.0.1"
    port: int
    kafka_bootstrap_servers: str = Field(validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    topic_prefix: str = Field("", validation_alias="TOPIC_PREFIX")
    consumer_session_timeout_ms: int = SESSION_TIMEOUT_MS
    """A consumer silent for as long loses its partitions to the others of its group."""
    consumer_max_poll_interval_ms: int = MAX_POLL_INTERVAL_MS
    """So does one that is this long at one batch."""
    dead_letter_limit: bool = True
    """Off while an operator lets everything bad be parked (deploy/runbooks/dead-letter-limit.md)."""
    jwks_url: str = Field("", validation_alias="JWKS_URL")
    file_key: str = Field("", validation_alias="FILE_KEY")
    """32 bytes, base64: encrypts uploaded files while they wait. Needed by services with imports."""


Loop = Callable[[Heartbeat], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Service:
    """A service as its composition root puts it together."""

    name: str
    title: str
    settings: ServiceSettings
    routers: Sequence[APIRouter]
    handlers: Handlers = field(default_factory=dict)
    state_handlers: StateHandlers = field(default_factory=dict)
    imports: Mapping[str, ImportKind] = field(default_factory=dict)
    loops: Mapping[str, Callable[[Store], Loop]] = field(default_factory=dict)
    """Roles of the service's own, e.g. ``mailer``; each is given the worker's store."""
    prepare: Callable[[FastAPI, Store], Awaitable[None]] | None = None
    """Runs before the api takes requests: puts what routes need into ``app.state``."""
    fetch_keys: Callable[[Store], FetchKeys] | None = None
    """Where the issuer's keys come from; by default its JWKS over HTTP."""


def main(compose: Callable[[], Service]) -> None:
    """Run a service with the roles named on the command line."""
    service = compose()
    roles = ["api", *_loops(service)]
    parser = argparse.ArgumentParser(prog=f"python -m services.{service.name}")
    parser.add_argument("roles", nargs="+", choices=[*roles, "all"], metavar="ROLE", help=", ".join([*roles, "all"]))
    chosen = parser.parse_args().roles
    configure(service.name)
    tracing.configure(service.name)
    collect_rarely()
    uvloop.run(run(service, roles if "all" in chosen else chosen))


async def run(service: Service, roles: Sequence[str]) -> None:
    """Run roles until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    worker = Store(service.settings.worker_database_url, pool_size=WORKER_CONNECTIONS)
    background = {role: build for role, build in _loops(service).items() if role in roles}
    if "relay" in roles:
        background["observer"] = lambda store: Observer(store).run
    heartbeats = {role: Heartbeat(role) for role in background}
    tasks = [asyncio.create_task(_supervise(partial(build, worker), heartbeats[r])) for r, build in background.items()]
    server = Server(
        build_app(service, list(heartbeats.values()), with_routes="api" in roles),
        address=service.settings.host,
        port=service.settings.port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        backlog=1024,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    server.stop()  # type: ignore[no-untyped-call]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await serving
    await worker.close()
    tracing.shut_down()


def _loops(service: Service) -> dict[str, Callable[[Store], Loop]]:
    """Return the background roles that a service has, each to be given the worker's store."""
    settings = service.settings
    servers, prefix = settings.kafka_bootstrap_servers, settings.topic_prefix
    loops: dict[str, Callable[[Store], Loop]] = {"relay": lambda store: Relay(store, servers, prefix).run}
    if service.handlers or service.state_handlers:
        loops["consumer"] = lambda store: (
            Consumer(
                service.name,
                store,
                servers,
                prefix,
                service.handlers,
                service.state_handlers,
                Membership(settings.consumer_session_timeout_ms, settings.consumer_max_poll_interval_ms),
                limited=settings.dead_letter_limit,
            ).run
        )
    if service.imports:
        loops["importer"] = lambda store: (
            Importer(
                store,
                service.imports,
                base64.b64decode(settings.file_key),
                partial(pass_end_of, store=store, consumer=service.name, bootstrap_servers=servers, prefix=prefix),
            ).run
        )
    return {**loops, **service.loops}


async def _supervise(build: Callable[[], Loop], heartbeat: Heartbeat) -> None:
    """Keep a loop going: what it cannot deal with itself is logged, and it starts again after a pause."""
    pause, itself = 1.0, asyncio.current_task()
    while True:
        started = time.monotonic()
        try:
            await build()(heartbeat)
        except (Exception, asyncio.CancelledError) as fault:
            if itself is not None and itself.cancelling():
                raise  # we are to stop; any other cancellation is a fault of something the loop awaited
            metrics.LOOP_RESTARTS.labels(heartbeat.name).inc()
            if is_transient(fault):
                heartbeat.wait()
            else:
                heartbeat.fail()
            log.error("loop failed", loop=heartbeat.name, error=type(fault).__name__, place=problems.place_of(fault))
        pause = 1.0 if time.monotonic() - started > LONGEST_BACK_OFF else min(pause * 2, LONGEST_BACK_OFF)
        await asyncio.sleep(pause)


def build_app(service: Service, heartbeats: Sequence[Heartbeat] = (), *, with_routes: bool = True) -> FastAPI:
    """Return the process's HTTP application: health and metrics, and the service's routes where asked for."""
    app = Application(title=service.title, version="1", lifespan=partial(_lifespan, service))
    problems.install(app)
    app.include_router(_ops_routes(heartbeats))
    if with_routes:
        for router in service.routers:
            app.include_router(router)
        if service.imports:
            app.include_router(import_routes(service.imports, base64.b64decode(service.settings.file_key)))
    app.add_middleware(LimitBody, larger={IMPORTS: MAX_UPLOAD_BYTES} if service.imports else {})
    app.add_middleware(Observe)
    return app


@asynccontextmanager
async def _lifespan(service: Service, app: FastAPI) -> AsyncIterator[None]:
    store = Store(service.settings.api_database_url, pool_size=API_CONNECTIONS)
    app.state.store = store
    async with httpx.AsyncClient(timeout=5) as client:

        async def fetch_jwks() -> dict[str, Any]:
            answer = await client.get(service.settings.jwks_url)
            keys: dict[str, Any] = answer.raise_for_status().json()
            return keys

        app.state.verifier = Verifier(service.fetch_keys(store) if service.fetch_keys else fetch_jwks)
        if service.prepare:
            await service.prepare(app, store)
        yield
    await store.close()


def _ops_routes(heartbeats: Sequence[Heartbeat]) -> APIRouter:
    routes = APIRouter(tags=["operations"], include_in_schema=False, dependencies=[Depends(anyone)])

    @routes.get("/health/live")
    async def live() -> JSONResponse:
        stale = [beat.name for beat in heartbeats if not beat.alive()]
        return JSONResponse({"live": not stale, "stale": stale}, 503 if stale else 200)

    @routes.get("/health/ready")
    async def ready(request: Request) -> JSONResponse:
        waiting = [beat.name for beat in heartbeats if not beat.ready]
        try:
            async with asyncio.timeout(ANSWER_SECONDS), request.app.state.store.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001 - whatever it is, the answer is that the database is not to be had
            waiting.append("database")
        return JSONResponse({"ready": not waiting, "waiting": waiting}, 503 if waiting else 200)

    @routes.get("/metrics")
    async def show_metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NOT_TRACED = ("/health/", "/metrics")


class Observe:
    """Middleware: takes over the caller's trace, counts and times each request by its route's template."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(_NOT_TRACED):
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        with tracing.request_span(Headers(scope=scope).get("traceparent"), method) as span:
            await self._observe(scope, receive, send, method, span)

    async def _observe(self, scope: Scope, receive: Receive, send: Send, method: str, span: Span) -> None:
        started, status = time.perf_counter(), 500

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            metrics.REQUESTS.labels(method, route, status).observe(time.perf_counter() - started)
            if span.is_recording():
                span.update_name(f"{method} {route}")
                span.set_attributes({"http.route": route, "http.response.status_code": status})
                if status >= 500:  # noqa: PLR2004
                    span.set_attribute("error.type", str(status))
                    span.set_status(StatusCode.ERROR)
