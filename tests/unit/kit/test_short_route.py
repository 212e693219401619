"""The short way is for the usual request alone, and is counted as the declared route."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from shared.http.short_route import ShortRoute
from shared.store.event_log import new_id


async def answer(_: Request) -> Response:
    return Response()


ROUTE = ShortRoute("/v1/shifts/{shift_id:uuid}/sign-ups", answer, methods=["POST"])
PATH = f"/v1/shifts/{new_id()}/sign-ups"


def scope(path: str = PATH, method: str = "POST", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": list(headers)}


@pytest.mark.parametrize("headers", [(), ((b"content-length", b"0"),)])
def test_a_post_without_a_body_is_taken_and_named_as_the_declared_route(headers: tuple[tuple[bytes, bytes]]) -> None:
    match, matched = ROUTE.matches(scope(PATH, "POST", *headers))
    assert match is Match.FULL
    assert matched["route"].path == "/v1/shifts/{shift_id}/sign-ups"


@pytest.mark.parametrize(
    "unusual",
    [
        scope(PATH, "GET"),
        scope("/v1/shifts/no-id/sign-ups"),
        scope(PATH, "POST", (b"content-length", b"2")),
        scope(PATH, "POST", (b"transfer-encoding", b"chunked")),
        {"type": "websocket", "path": PATH, "headers": []},
    ],
)
def test_what_is_unusual_is_left_to_the_declared_route(unusual: dict[str, Any]) -> None:
    assert ROUTE.matches(unusual) == (Match.NONE, {})
