"""The stream of an open page, as server-sent events.

Invariant: a stream is of somebody who may see the page; it ends with the session, and when
the process is told to stop. A message names what has changed and holds, where that is the same for everybody, the words
to be shown; for anything else the page asks as usual.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.portal.live.queries import INBOX, LiveMessages, unread_message, unread_messages
from services.portal.live.streams import Stream, Streams
from services.portal.sessions.dependencies import public_page
from services.portal.sessions.visits import Visit
from services.portal.shell.ids import uuid_of
from shared.http.client_address import ClientAddress
from shared.http.upstream import RefusedByServiceError
from shared.store.engine import Store

router = APIRouter(include_in_schema=False)

_MOST_NAMES = 100
_FIRST_COUNT_SECONDS = (0.5, 2.0)
"""When the count of messages is first asked for: not while the page itself is being made."""
_NOT_THERE = 204
_NO_MESSAGE = ":\n\n"
_HEADERS = {"X-Accel-Buffering": "no"}
"""A proxy before us would keep the messages back."""


@router.get("/live")
async def follow(
    request: Request,
    visit: Annotated[Visit, Depends(public_page)],
    address: ClientAddress,
    on: Annotated[list[str] | None, Query()] = None,
    age: float = 0.0,
) -> Response:
    """Tell an open page what changes of what it shows; ``age`` is how many seconds ago it was last told or made.

    204 where there is nothing to follow or no room: the browser does not come again then.
    """
    streams: Streams = request.app.state.streams
    stream = _stream(visit, address, (on or [])[:_MOST_NAMES])
    if not stream.names or not streams.open(stream, max(age, 0.0)):
        return Response(status_code=_NOT_THERE)
    return StreamingResponse(_messages(visit, streams, stream), headers=_HEADERS, media_type="text/event-stream")


def _stream(visit: Visit, address: str, asked: list[str]) -> Stream:
    """Return the stream of a page: of what it asks for, what may be told to who looks, and never another's inbox."""
    names = {name for name in asked if name.startswith("activity:") and uuid_of(name.removeprefix("activity:"))}
    if visit.session:
        names |= {name for name in asked if name.startswith(("queue:", "shift:"))}
    if visit.session and visit.session.volunteer_id and INBOX in asked:
        names.add(f"inbox:{visit.session.volunteer_id}")
    secret_hash = visit.cookie.secret_hash if visit.cookie else None
    owner = secret_hash.hex() if secret_hash else address
    return Stream(visit.district, frozenset(names), visit.look.language, owner, secret_hash)


async def _messages(visit: Visit, streams: Streams, stream: Stream) -> AsyncIterator[str]:
    """Give the stream's messages until it ends; a line without one now and then shows who has gone."""
    inbox = next((name for name in stream.names if name.startswith("inbox:")), "")
    wait = random.uniform(*_FIRST_COUNT_SECONDS)  # noqa: S311 - spreads the calls of many
    first = asyncio.get_running_loop().call_later(wait, stream.tell, inbox, "") if inbox else None
    unread: int | None = None
    try:
        yield _NO_MESSAGE
        while (told := await stream.next()) is not None:
            if inbox in told:
                before, unread = unread, await unread_messages(visit)
                if unread is not None:
                    yield _event(unread_message(visit, unread, more=before is not None and unread > before))
            yield "".join(_event(message) for name, message in told.items() if name != inbox) or _NO_MESSAGE
    except RefusedByServiceError:
        return  # the token is out of date: the browser comes again, and gets a newer one
    finally:
        if first:
            first.cancel()
        streams.close(stream)


def _event(message: str) -> str:
    return f"data: {message}\n\n"


async def prepare(app: FastAPI, _store: Store, _settings: object) -> None:
    """Let pages open streams."""
    app.state.streams = Streams(LiveMessages(app))


def stop(app: FastAPI) -> None:
    """End every stream: a process that is told to stop waits for its requests, and these would not end."""
    streams: Streams | None = getattr(app.state, "streams", None)
    if streams:
        streams.end_all()
