"""Routes that every process answers: whether it lives, whether it can do its work, and its metrics."""

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from shared.http.auth import anyone
from shared.ops.health import Heartbeat

ANSWER_SECONDS = 2.0
"""Within it the database answers ``/health/ready``, or counts as away; probes wait for 4 s."""


def health_routes(heartbeats: Sequence[Heartbeat]) -> APIRouter:
    """Return the routes that tell of these loops and of the database."""
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
