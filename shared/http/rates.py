"""How often something may be tried, counted in a sliding window.

Invariant: a try is counted before the work it asks for, so many at once cannot all slip through. What is counted here
counts for every process of the service a moment later (``rate_sharing``), and is on file as a digest alone.
"""

import asyncio
import time
from dataclasses import dataclass, field
from hashlib import blake2b

from limits import RateLimitItem

from shared.contracts.faults import Code, Fault
from shared.http.problems import ProblemError
from shared.ops import metrics

DIGEST_BYTES = 16
_SWEEP_AT = 20_000
"""So many windows are kept before those that are over are looked for."""

Window = tuple[bytes, int]
"""What is counted, as a digest, and the number of the period that it is counted in."""


@dataclass(slots=True)
class Tally:
    """The tries of one window: those that are on file, others' included, and those that are still to be put there."""

    ends_at: float
    """Unix time from when on it counts for nothing."""
    on_file: int = 0
    new: int = 0
    anew: bool = False
    """What is on file is to be forgotten."""

    @property
    def tries(self) -> int:
        """How many there were, as far as this process knows."""
        return self.on_file + self.new


@dataclass(slots=True)
class Rates:
    """Counts tries by whatever they are of: an address, a name.

    A window slides: what was counted in the period before counts for as much as the window still reaches into it.
    """

    tallies: dict[Window, Tally] = field(default_factory=dict)
    asked: set[Window] = field(default_factory=set)
    """The windows that were looked at or counted in since the last exchange with other processes."""
    used: asyncio.Event = field(default_factory=asyncio.Event)
    """There are such windows."""
    _sweep_at: int = _SWEEP_AT

    def count(self, limit: RateLimitItem, name: str, *of: str) -> None:
        """Count a try. Raises ProblemError 429 with ``Retry-After``, field ``name``, where there are too many."""
        if not self.used_up(limit, *of):
            self.note(limit, *of)
            return
        metrics.REQUESTS_REFUSED.labels("rate").inc()
        wait = {"Retry-After": str(self._seconds_left(limit, *of))}
        raise ProblemError(429, "too-many-requests", [Fault(name, Code.TOO_OFTEN)], wait)

    def note(self, limit: RateLimitItem, *of: str) -> None:
        """Count what is refused to nobody now."""
        self._tally(_window(limit, *of), limit).new += 1

    def used_up(self, limit: RateLimitItem, *of: str) -> bool:
        """Return whether the next try would be refused."""
        present, before, covered = self._tries(limit, *of)
        return present + before * covered + 1 > limit.amount

    def forget(self, limit: RateLimitItem, *of: str) -> None:
        """Start counting anew."""
        digest, period = _window(limit, *of)
        for number in (period - 1, period):
            tally = self._tally((digest, number), limit)
            tally.on_file, tally.new, tally.anew = 0, 0, True

    def _tries(self, limit: RateLimitItem, *of: str) -> tuple[int, int, float]:
        """Return the tries of this period, those of the one before, and how much of that one the window covers."""
        digest, period = _window(limit, *of)
        windows = (digest, period), (digest, period - 1)
        self._ask(*windows)
        present, before = (tally.tries if (tally := self.tallies.get(window)) else 0 for window in windows)
        return present, before, period + 1 - time.time() / limit.get_expiry()

    def _tally(self, window: Window, limit: RateLimitItem) -> Tally:
        self._ask(window)
        if window not in self.tallies:
            self._sweep()
            self.tallies[window] = Tally(ends_at=(window[1] + 2) * limit.get_expiry())
        return self.tallies[window]

    def _ask(self, *windows: Window) -> None:
        self.asked.update(windows)
        self.used.set()

    def _sweep(self) -> None:
        """Drop windows that are over, each time that there are twice as many as were left the last time."""
        if len(self.tallies) < self._sweep_at:
            return
        at = time.time()
        self.tallies = {window: tally for window, tally in self.tallies.items() if tally.ends_at > at}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self.tallies))

    def _seconds_left(self, limit: RateLimitItem, *of: str) -> int:
        """Return after how many seconds a try is let through, if there is none meanwhile."""
        period = limit.get_expiry()
        present, before, covered = self._tries(limit, *of)
        if present < limit.amount:  # until the window covers little enough of the period before
            return max(1, round(period * (covered - (limit.amount - 1 - present) / before)))
        return max(1, round(period * (covered + 1 - (limit.amount - 1) / present)))


def _window(limit: RateLimitItem, *of: str) -> Window:
    digest = blake2b(limit.key_for(*of).encode(), digest_size=DIGEST_BYTES).digest()
    return digest, int(time.time() // limit.get_expiry())
