"""The crowd of the rush: ``python -m tests.bench.crowd`` sends requests over keep-alive connections, as fast as they
are answered, and writes what it got.

It reads PLAN: ``{"addresses": [[host, port], ...], "connections": n, "requests": [text, ...]}``, each request a whole
HTTP/1.1 request, and is no HTTP client but as little as an answer's status and body can be had with, so that the
generator is never what is measured.
"""

import asyncio
import json
import os
import time
from collections import deque
from pathlib import Path
from typing import Any

import uvloop


async def main(plan: dict[str, Any], result: Path) -> None:
    """Send every request once; each connection sends its next one when it has its answer."""
    waiting = deque(enumerate(request.encode() for request in plan["requests"]))
    answers: list[tuple[int, int, float, str]] = []
    addresses = plan["addresses"]
    opened = [await asyncio.open_connection(*addresses[n % len(addresses)]) for n in range(plan["connections"])]

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while waiting:
            number, request = waiting.popleft()
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            answers.append((number, int(head[9:12]), time.perf_counter() - started, body.decode()))
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(ask(*connection) for connection in opened))
    seconds = time.perf_counter() - started
    new = result.with_suffix(".new")
    new.write_text(json.dumps({"seconds": seconds, "answers": answers}))
    new.rename(result)
    await asyncio.Event().wait()


def _length(head: bytes) -> int:
    name = b"content-length: "
    start = head.lower().index(name) + len(name)
    return int(head[start : head.index(b"\r", start)])


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(os.environ["PLAN"]).read_text()), Path(os.environ["RESULT"])))
