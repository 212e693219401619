"""``python -m tests.fault.bad_deployment services.assessment consumer``: a service whose new code cannot do its work.

BAD_RECORD names the one record whose events it fails on; without it, it fails on all of them.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.projections import LEDGER
from shared.contracts.received import Received

_BAD_RECORD = os.environ.get("BAD_RECORD", "")
_enter_in_ledger = LEDGER.project


async def enter_in_ledger(tx: AsyncConnection, events: Sequence[Received[Any]]) -> Any:
    """Enter records as the real one does, unless an event is one that this deployment cannot take."""
    if any(_BAD_RECORD in ("", event.attributes.subject) for event in events):
        raise ValueError("a fault of the new code")
    return await _enter_in_ledger(tx, events)


if __name__ == "__main__":
    module = sys.argv.pop(1)
    object.__setattr__(LEDGER, "project", enter_in_ledger)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
