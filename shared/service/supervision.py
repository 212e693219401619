"""A background loop that is kept going.

Invariant: what a loop cannot deal with itself is logged, and it starts again after a pause; it ends only when it is
cancelled.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from shared.http import problems
from shared.messaging.fault_kinds import is_transient
from shared.ops import metrics
from shared.ops.back_off import back_off
from shared.ops.health import Heartbeat
from shared.service.part import Loop

FIRST_BACK_OFF, LONGEST_BACK_OFF = 1.0, 30.0
log = structlog.get_logger()


async def supervise(build: Callable[[], Loop], heartbeat: Heartbeat) -> None:
    """Keep a loop going until cancelled; ``build`` makes it anew for each start."""
    failures, itself = 0, asyncio.current_task()
    while True:
        started = time.monotonic()
        try:
            await build()(heartbeat)
        except (Exception, asyncio.CancelledError) as fault:
            if itself is not None and itself.cancelling():
                raise  # we are to stop; any other cancellation is a fault of something the loop awaited
            metrics.LOOP_RESTARTS.labels(heartbeat.name).inc()
            if is_transient(fault):
                heartbeat.wait()
            else:
                heartbeat.fail()
            log.error("loop failed", loop=heartbeat.name, error=type(fault).__name__, place=problems.place_of(fault))
        failures = 1 if time.monotonic() - started > LONGEST_BACK_OFF else failures + 1
        await asyncio.sleep(back_off(failures, FIRST_BACK_OFF, LONGEST_BACK_OFF))
