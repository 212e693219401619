"""Wait for a condition; never for a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from shared.ops.health import Heartbeat

T = TypeVar("T")


async def eventually(condition: Callable[[], Awaitable[T]], *, within: float = 60) -> T:
    """Return the condition's first truthy value; fail with its last one after ``within`` seconds."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within
    while True:
        asked = clock()
        value = await condition()
        if value:
            return value
        if clock() > deadline:
            raise AssertionError(f"still {value!r} after {within} s")
        # Where asking is work, most of the time is left to what is waited for.
        await asyncio.sleep(min(max(0.02, 3 * (clock() - asked)), 0.5))


@asynccontextmanager
async def running(loop: Callable[[Heartbeat], Coroutine[Any, Any, None]]) -> AsyncIterator[asyncio.Task[None]]:
    """Run a background loop for the time of the block; an exception of its own fails the test."""
    task = asyncio.create_task(loop(Heartbeat("test")))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
