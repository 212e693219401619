"""What every answer says to the browser, and which requests are taken from one.

Invariant: a page runs our own files alone (nothing inline, nothing of another host), is framed by nobody, and is kept
by no cache unless its route says so. A request that changes something comes from this site's own pages.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import answer
from shared.ops import metrics

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORBIDDEN = 403


class SecureHeaders:
    """Middleware: the headers of every answer."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._headers: Mapping[str, str] = HEADERS | (_HSTS if origin.startswith("https:") else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


class OwnOrigin:
    """Middleware: refuses a request that changes something and does not say that it comes from our own pages.

    ``Origin`` is sent by every browser with a form; ``Sec-Fetch-Site`` in secure contexts alone (portal.md, 6).
    """

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or scope["method"] in _SAFE or self._is_ours(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        metrics.REQUESTS_REFUSED.labels("origin").inc()
        await answer(Request(scope), _FORBIDDEN, "forbidden")(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        return headers.get("origin") == self._origin and headers.get("sec-fetch-site", "same-origin") == "same-origin"
