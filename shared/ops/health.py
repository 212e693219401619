"""Liveness and readiness that tell the truth.

Invariant: a background loop is alive while it makes progress or meets servers that are away; it is ready while it can
do its work. So every loop says one of two things each time it comes round: ``beat`` or ``wait``. One that has said
neither for ``STALE_SECONDS`` hangs (a handler that never returns, a connection that never answers), and the process is
to be started again; a server that is away is no reason to, as a new process would find it away too.
"""

import time
from dataclasses import dataclass, field

from shared.ops.metrics import LOOP_LAST_BEAT, LOOP_READY

STALE_SECONDS = 60.0


@dataclass
class Heartbeat:
    """When a loop last came round, and whether it is able to do its work."""

    name: str
    ready: bool = field(default=False, init=False)
    _last: float = field(default_factory=time.monotonic, init=False)

    def beat(self) -> None:
        """Come round, able to work."""
        self._come_round(ready=True)

    def wait(self) -> None:
        """Come round, unable to work until somebody else acts: a server that is to come back, or an operator."""
        self._come_round(ready=False)

    def alive(self) -> bool:
        """Return whether the loop came round lately."""
        return time.monotonic() - self._last < STALE_SECONDS

    def fail(self) -> None:
        """Be neither ready nor making progress: the loop has failed, and is to be started again."""
        self.ready = False
        LOOP_READY.labels(self.name).set(0)

    def _come_round(self, *, ready: bool) -> None:
        self.ready, self._last = ready, time.monotonic()
        LOOP_READY.labels(self.name).set(ready)
        LOOP_LAST_BEAT.labels(self.name).set_to_current_time()
