"""Reading ahead of the database. Invariant: what is given is what was read, in the order in which it was read."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

T = TypeVar("T")
AHEAD = 3
"""Batches in hand: with one alone, decoding is over before the database is, and one waits for the other."""


async def ahead(parts: AsyncIterator[T]) -> AsyncIterator[T]:
    """Give the same batches, read while the database is busy with earlier ones; raise what reading raises."""
    queue: asyncio.Queue[T | Exception | None] = asyncio.Queue(AHEAD)

    async def read() -> None:
        try:
            async for part in parts:
                await queue.put(part)
        except Exception as fault:  # noqa: BLE001 - it is for whoever takes them
            await queue.put(fault)
        else:
            await queue.put(None)

    reading = asyncio.create_task(read())
    try:
        while (part := await queue.get()) is not None:
            if isinstance(part, Exception):
                raise part
            yield part
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
