"""``CLOCK_SHIFT=3600 python -m tests.fault.shifted_clock services.activities api``: a service whose clock is wrong.

The wall clock of the whole Python process (``time.time``, ``datetime.now``, ...) is that many seconds ahead, and ticks.
Event ids and Kafka's own timestamps, which are not made in Python, keep the true time.
"""

from __future__ import annotations

import os
import runpy
import sys
from datetime import UTC, datetime, timedelta

import time_machine

if __name__ == "__main__":
    module = sys.argv.pop(1)
    shifted = datetime.now(UTC) + timedelta(seconds=float(os.environ["CLOCK_SHIFT"]))
    with time_machine.travel(shifted, tick=True):
        runpy.run_module(module, run_name="__main__", alter_sys=True)
