"""Bodies are limited in size, whether their length is declared or they are streamed.

Invariant: no more than a path's limit is ever read of a request, so no body can fill a process's memory.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.faults import Code, Fault
from shared.http.problems import answer
from shared.ops import metrics

MAX_BODY_BYTES = 256 * 1024
_TOO_LARGE = 413
_MOST_DIGITS = 18
"""Of a length; Python reads no number of some thousand."""


class LimitBody:
    """Middleware: refuses a body over the limit with 413. ``larger`` are limits by the start of the path."""

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next((size for start, size in self._larger.items() if scope["path"].startswith(start)), MAX_BODY_BYTES)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and (len(declared) > _MOST_DIGITS or int(declared) > limit):
            metrics.REQUESTS_REFUSED.labels("body_size").inc()
            refusal = answer(Request(scope), _TOO_LARGE, "too-large", [Fault("body", Code.TOO_LARGE)])
            await refusal(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                metrics.REQUESTS_REFUSED.labels("body_size").inc()
                raise HTTPException(_TOO_LARGE)  # the one exception that FastAPI passes on from the reading of a body
            return message

        await self._app(scope, counted, send)
