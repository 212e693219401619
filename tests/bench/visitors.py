"""People with a browser each: ``python -m tests.bench.visitors`` presses a button for every one of them at their own
moment, follows where the answer leads, and writes what the last page says and how long it all took.

It reads PLAN: ``{"address": [host, port], "visits": [{"at": seconds, "request": text, "headers": text}, ...]}``: the
button's request as a whole, and the headers of the page that follows. As ``crowd``, it is no HTTP client but as little
as an answer can be had with; a connection is open before, as a browser's is. Who reads that a service is away just
now sends the same form or opens the same page again, as people do; that is counted, and its time is part of the whole.
"""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import uvloop

_SEE_OTHER, _AWAY = 303, 503
_MOST_REQUESTS = 50


async def main(plan: dict[str, Any], result: Path) -> None:
    """Let everybody press once."""
    opened = [await asyncio.open_connection(*plan["address"]) for _ in plan["visits"]]
    started = time.perf_counter()

    async def visit(number: int) -> tuple[int, int, float, str, str, int]:
        (reader, writer), todo = opened[number], plan["visits"][number]
        await asyncio.sleep(started + todo["at"] - time.perf_counter())
        pressed = time.perf_counter()
        request, asked, location = todo["request"], 0, ""
        while True:
            status, led_to, body = await _ask(reader, writer, request)
            asked += 1
            if status == _SEE_OTHER:
                location = led_to
                request = f"GET {location} HTTP/1.1\r\n{todo['headers']}\r\n\r\n"
            elif status != _AWAY or asked > _MOST_REQUESTS:
                break
        seconds = time.perf_counter() - pressed
        writer.close()
        return number, status, seconds, location, body, asked - (2 if location else 1)

    answers = await asyncio.gather(*map(visit, range(len(opened))))
    new = result.with_suffix(".new")
    new.write_text(json.dumps({"seconds": time.perf_counter() - started, "answers": answers}))
    new.rename(result)
    await asyncio.Event().wait()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str) -> tuple[int, str, str]:
    """Send a request; return status, Location and body of the answer."""
    writer.write(request.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(head[9:12]), headers.get("location", ""), body.decode()


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(os.environ["PLAN"]).read_text()), Path(os.environ["RESULT"])))
