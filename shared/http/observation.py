"""Middleware that traces, counts and times every request."""

import time

from opentelemetry.trace import Span, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.ops import metrics, tracing

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NOT_TRACED = ("/health/", "/metrics")


class Observe:
    """Middleware: takes over the caller's trace, counts and times each request by its route's template."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, and note how it went; probes and metrics are not observed."""
        if scope["type"] != "http" or scope["path"].startswith(_NOT_TRACED):
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
