"""A process's HTTP application.

Invariant: every process answers ``/health/live``, ``/health/ready`` and ``/metrics``; the service's routes are there
where ``api`` is among its roles.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from shared.http import problems
from shared.http.auth import Verifier
from shared.http.bodies import LimitBody
from shared.http.client_address import ClientAddresses
from shared.http.connections import Connections, NoAnswerError
from shared.http.observation import Observe
from shared.http.openapi import Application
from shared.http.rate_sharing import sharing
from shared.http.rates import Rates
from shared.imports.api import MAX_UPLOAD_BYTES
from shared.imports.api import PREFIX as IMPORTS
from shared.imports.api import router as import_routes
from shared.ops.health import Heartbeat
from shared.service.dead_letters import DeadLetterDesk, dead_letter_routes
from shared.service.health import health_routes
from shared.service.operations import status_of, status_routes
from shared.service.service import Service
from shared.store.engine import Store
from shared.store.revocations import Revocations

API_CONNECTIONS = 16
_OURS: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI's own telemetry is off: requests are traced and counted by `Observe`."""
_KEYS_SECONDS, _OK = 5.0, 200


def build_app(service: Service, heartbeats: Sequence[Heartbeat] = (), *, with_routes: bool = True) -> FastAPI:
    """Return the process's HTTP application: health and metrics, and the service's routes where asked for."""
    lifespan = partial(_lifespan, service)
    app = Application(title=service.title, version="1", lifespan=lifespan, telemetry=_OURS)
    problems.install(app)
    app.include_router(health_routes(heartbeats))
    settings = service.settings
    app.state.client_addresses = ClientAddresses(settings.trusted_proxies, settings.portal_address_key)
    app.state.rates = Rates()
    if with_routes:
        app.router.routes[:0] = service.short_routes
        for router in service.routers:
            app.include_router(router)
        if service.imports:
            app.include_router(import_routes(service.imports, base64.b64decode(service.settings.file_key)))
        app.state.own_status = partial(status_of, service.name, settings.kafka_servers)
        app.state.own_dead_letters = DeadLetterDesk(service.name, settings.topic_prefix)
        if not service.serves_pages:
            app.include_router(status_routes(app.state.own_status))
            app.include_router(dead_letter_routes(app.state.own_dead_letters))
    uploads = {IMPORTS: MAX_UPLOAD_BYTES} if service.imports else {}
    app.add_middleware(LimitBody, larger={**uploads, **service.larger_bodies})
    for part in reversed(service.parts) if with_routes else ():
        if part.install:
            part.install(app, service.settings)
    app.add_middleware(Observe)
    return app


@asynccontextmanager
async def _lifespan(service: Service, app: FastAPI) -> AsyncIterator[None]:
    url = service.settings.api_database_url
    async with (
        Store(url, pool_size=API_CONNECTIONS) as store,
        Connections() as connections,
        sharing(app.state.rates, store),
    ):
        app.state.store = store
        app.state.connections = connections

        async def fetch_jwks() -> dict[str, Any]:
            answer = await connections.send("GET", service.settings.jwks_url, seconds=_KEYS_SECONDS)
            if answer.status != _OK:
                raise NoAnswerError(answer.status)
            keys: dict[str, Any] = answer.json()
            return keys

        revocations = Revocations(store)
        app.state.verifier = Verifier(service.fetch_keys(store) if service.fetch_keys else fetch_jwks, revocations)
        for part in reversed(service.parts):  # upper parts may use what lower ones have made
            if part.prepare:
                await part.prepare(app, store, service.settings)
        beside = [
            asyncio.create_task(part.beside(app, store, service.settings)) for part in service.parts if part.beside
        ]
        beside.append(asyncio.create_task(app.state.verifier.keep_fresh()))
        yield
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await revocations.finish()
