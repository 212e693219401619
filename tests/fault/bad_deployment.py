"""``python -m tests.fault.bad_deployment services.assessment consumer``: a service whose new code cannot do its work.

BAD_RECORD names the one record whose events it fails on; without it, it fails on all of them.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment import process
from shared.contracts.received import Received

_BAD_RECORD = os.environ.get("BAD_RECORD", "")
_credit_service = process.credit_service


async def credit_service(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    """Credit service as the real one does, unless an event is one that this deployment cannot take."""
    if any(_BAD_RECORD in ("", event.attributes.subject) for event in events):
        raise ValueError("a fault of the new code")
    await _credit_service(tx, events)


if __name__ == "__main__":
    module = sys.argv.pop(1)
    with patch.object(process, "credit_service", credit_service):
        runpy.run_module(module, run_name="__main__", alter_sys=True)
