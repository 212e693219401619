"""How often something may be tried, counted in a sliding window in this process's memory (ADR 0014).

Invariant: a try is counted before the work it asks for, so many at once cannot all slip through.
"""

import time

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from shared.contracts.faults import Code, Fault
from shared.http.problems import ProblemError
from shared.ops import metrics


class Rates:
    """Counts tries by whatever they are of: an address, a name."""

    def __init__(self) -> None:
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, limit: RateLimitItem, field: str, *of: str) -> None:
        """Count a try. Raises ProblemError 429 with ``Retry-After``, ``field`` at fault, once there are too many."""
        if self._window.hit(limit, *of):
            return
        metrics.REQUESTS_REFUSED.labels("rate").inc()
        seconds = self._window.get_window_stats(limit, *of).reset_time - time.time()
        wait = {"Retry-After": str(max(1, round(seconds)))}
        raise ProblemError(429, "too-many-requests", [Fault(field, Code.TOO_OFTEN)], wait)

    def note(self, limit: RateLimitItem, *of: str) -> None:
        """Count what is refused to nobody now."""
        self._window.hit(limit, *of)

    def used_up(self, limit: RateLimitItem, *of: str) -> bool:
        """Return whether the next try would be refused."""
        return not self._window.test(limit, *of)

    def forget(self, limit: RateLimitItem, *of: str) -> None:
        """Start counting anew."""
        self._window.clear(limit, *of)
