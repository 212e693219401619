"""A body over the limit is refused with a problem, declared or streamed, and never read further than the limit."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from shared.http import problems
from shared.http.bodies import MAX_BODY_BYTES, LimitBody

JSON = {"Content-Type": "application/json"}
UPLOAD = 2 * MAX_BODY_BYTES


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(LimitBody, larger={"/files": UPLOAD})

    @app.post("/things")
    async def take(body: dict[str, str]) -> int:
        return len(body["text"])

    @app.post("/files/one")
    async def store(request: Request) -> int:
        return len(await request.body())

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=JSON) as http:
        yield http


def text_of(size: int) -> bytes:
    """Return a JSON body of exactly this many bytes."""
    return json.dumps({"text": "x" * (size - 12)}).encode()


async def parts(content: bytes, sent: list[int]) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 1024):
        sent.append(start)
        yield content[start : start + 1024]


@pytest.mark.parametrize(("path", "limit"), [("/things", MAX_BODY_BYTES), ("/files/one", UPLOAD)])
async def test_a_body_up_to_the_limit_is_taken_and_one_over_it_is_413(
    client: httpx.AsyncClient, path: str, limit: int
) -> None:
    assert (await client.post(path, content=text_of(limit))).status_code == 200
    refused = await client.post(path, content=text_of(limit + 1), headers={"Accept-Language": "en"})
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
    assert refused.json()["faults"] == [
        {"field": "body", "code": "too_large", "message": "body is too large; split it and send the parts"}
    ]


@pytest.mark.parametrize(("path", "limit"), [("/things", MAX_BODY_BYTES), ("/files/one", UPLOAD)])
async def test_a_stream_without_a_length_is_read_no_further_than_the_limit(
    client: httpx.AsyncClient, path: str, limit: int
) -> None:
    sent: list[int] = []
    refused = await client.post(path, content=parts(text_of(10 * limit), sent))
    assert (refused.status_code, refused.json()["type"]) == (413, "/problems/too-large")
    assert sent[-1] <= limit + 1024
