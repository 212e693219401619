"""A background loop goes on whatever happens in it, and stops when it is told to."""

import asyncio
from contextlib import suppress

import pytest

from shared.ops.health import Heartbeat
from shared.service.supervision import supervise


@pytest.mark.parametrize("fault", [RuntimeError("broken"), asyncio.CancelledError()], ids=["error", "cancelled inside"])
async def test_a_loop_that_fails_is_started_again(fault: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = 0
    again = asyncio.Event()

    async def loop(_: Heartbeat) -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise fault
        again.set()
        await asyncio.Event().wait()

    sleep = asyncio.sleep
    monkeypatch.setattr("shared.service.supervision.asyncio.sleep", lambda _: sleep(0))
    task = asyncio.create_task(supervise(lambda: loop, Heartbeat("test")))
    await asyncio.wait_for(again.wait(), 60)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
