"""Files that browsers keep: handed on from a service as they come, or written line by line.

Invariant: no more than a piece of a file is held, and whatever becomes of the browser, the service's answer is closed.
"""

from collections.abc import AsyncGenerator, Mapping

from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.http.upstream import File, Upstream


class Handed(StreamingResponse):
    """A file that comes piece by piece, after its ``first`` one; what it is made of is closed with it."""

    def __init__(
        self, pieces: AsyncGenerator[bytes], headers: Mapping[str, str], media_type: str, first: bytes = b""
    ) -> None:
        super().__init__(_after(first, pieces), 200, headers, media_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._pieces.aclose()


async def handed_on(calls: Upstream, what: File, headers: Mapping[str, str], **values: object) -> Response:
    """Return a service's file as it comes. Raises RefusedByServiceError and AwayError before any of it is sent."""
    pieces = _pieces(calls, what, values)
    first = await anext(pieces, b"")
    return Handed(pieces, headers, f"{what.media_type}; charset=utf-8", first)


async def _pieces(calls: Upstream, what: File, values: Mapping[str, object]) -> AsyncGenerator[bytes]:
    async with calls.open(what, **values) as content:
        async for piece in content:
            yield piece


async def _after(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece


def attachment(name: str) -> str:
    """Return the header that has a browser keep a file under an ASCII name."""
    return f'attachment; filename="{name}"'
