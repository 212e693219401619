"""Open pages: ``python -m tests.bench.followers`` opens a stream for each, and writes when each was told of a change.

It reads PLAN: ``{"address": [host, port], "requests": [text, ...], "name": text}``. RESULT is there when all are open;
each time one is told of ``name``, the moment is added to TOLD, a line each.
"""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import uvloop


async def main(plan: dict[str, Any], result: Path, told: Path) -> None:
    """Open every stream, then read until the end."""
    mark = f'"name": "{plan["name"]}"'.encode()
    opened = 0
    done = asyncio.Event()
    with told.open("w", buffering=1) as moments:

        async def follow(request: str) -> None:
            nonlocal opened
            reader, writer = await asyncio.open_connection(*plan["address"])
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if head[9:12] != b"200":
                raise RuntimeError(head.decode())
            await reader.readuntil(b":\n\n")
            opened += 1
            if opened == len(plan["requests"]):
                done.set()
            while line := await reader.readline():
                if mark in line:
                    moments.write(f"{time.time()}\n")
            writer.close()

        async with asyncio.TaskGroup() as tasks:
            for request in plan["requests"]:
                tasks.create_task(follow(request))
            await done.wait()
            _write(result, {"opened": opened})


def _write(result: Path, what: dict[str, int]) -> None:
    new = result.with_suffix(".new")
    new.write_text(json.dumps(what))
    new.rename(result)


if __name__ == "__main__":
    uvloop.run(
        main(json.loads(Path(os.environ["PLAN"]).read_text()), Path(os.environ["RESULT"]), Path(os.environ["TOLD"]))
    )
