"""Requests to other services: a whole answer, or none; connections are kept; who is slow holds up nobody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from deploy.local.process import free_port
from shared.http import connections as module
from shared.http import upstream
from shared.http.connections import Connections, NoAnswerError
from shared.http.upstream import AwayError, unless_away

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Served:
    """A server that answers as a test says; it notes what it was asked, and over how many connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.asked: list[bytes] = []
        self.heard = asyncio.Event()
        self.url = ""


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[Served]:
    served = Served()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while True:
                served.asked.append(await reader.readuntil(b"\r\n\r\n"))
                served.heard.set()
                await serve(served.asked[-1], writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", port := free_port())
    served.url = f"http://127.0.0.1:{port}"
    async with server:
        yield served
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def answer(_asked: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


async def never(_asked: bytes, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def break_off(_asked: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(OK[:-1])
    writer.close()


async def test_requests_after_one_another_go_over_one_connection() -> None:
    async with serving(answer) as served, Connections() as connections:
        for n in range(3):
            got = await connections.send(
                "GET",
                f"{served.url}/v1/things",
                seconds=60,
                headers={"Authorization": "Bearer x"},
                params={"n": str(n)},
            )
            assert (got.status, got.json(), got.headers["content-type"]) == (200, {}, "application/json")
    assert served.connections == 1
    assert [asked.split(b" ")[1] for asked in served.asked] == [b"/v1/things?n=0", b"/v1/things?n=1", b"/v1/things?n=2"]
    assert b"Authorization: Bearer x" in served.asked[0]


async def test_what_is_quoted_in_a_path_stays_quoted() -> None:
    async with serving(answer) as served, Connections() as connections:
        await connections.send("GET", f"{served.url}/v1/things/a%2Fb%3F", seconds=60)
    assert served.asked[0].startswith(b"GET /v1/things/a%2Fb%3F HTTP/1.1")


async def test_no_whole_answer_is_none() -> None:
    async with Connections() as connections:
        with pytest.raises(NoAnswerError):
            await connections.send("GET", f"http://127.0.0.1:{free_port()}", seconds=60)
        async with serving(break_off) as served:
            with pytest.raises(NoAnswerError):
                await connections.send("POST", served.url, seconds=60, form={})
        async with serving(never) as served:
            with pytest.raises(NoAnswerError, match="Timeout"):
                await connections.send("GET", served.url, seconds=0.05)


async def test_of_a_service_so_many_are_asked_at_once_and_the_others_wait_in_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    free = asyncio.Event()

    async def when_free(_asked: bytes, writer: asyncio.StreamWriter) -> None:
        await free.wait()
        writer.write(OK)

    async with serving(when_free) as slow, serving(answer) as quick, Connections() as connections:
        waiting = [asyncio.create_task(connections.send("GET", slow.url, seconds=60)) for _ in range(6)]
        await slow.heard.wait()
        assert (await connections.send("GET", quick.url, seconds=60)).status == 200  # is held up by nobody
        free.set()
        assert {got.status for got in await asyncio.gather(*waiting)} == {200}
        assert len(slow.asked) == 6
        assert slow.connections <= 2


async def test_a_section_that_a_page_can_do_without_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> int:
        raise AwayError("activities")

    async def there() -> int:
        return 1

    assert await unless_away(away()) is None
    assert await unless_away(there()) == 1
    monkeypatch.setattr(upstream, "SECTION_SECONDS", 0.0)
    assert await unless_away(asyncio.get_running_loop().create_future()) is None
