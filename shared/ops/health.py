"""Liveness that tells the truth: a loop is alive while it makes progress.

Invariant: every background loop beats each time it comes round; one that has not for ``STALE_SECONDS`` is reported.
"""

import time
from dataclasses import dataclass, field

STALE_SECONDS = 60.0


@dataclass
class Heartbeat:
    """When a loop last came round, and whether it is able to do its work."""

    name: str
    ready: bool = False
    last: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """Come round, able to work."""
        self.last = time.monotonic()
        self.ready = True

    def alive(self) -> bool:
        """Return whether the loop came round lately."""
        return time.monotonic() - self.last < STALE_SECONDS
