"""How long to wait before the next try. The same for every loop, batch and item of work that failed.

Invariant: any number of failures in a row has a wait, and it lies between half of ``first`` and ``longest``.
"""

import random
import time
from dataclasses import dataclass

_MOST_DOUBLINGS = 32
"""Beyond any ``longest`` that makes sense, and far below what a float can hold."""


def back_off(failures: int, first: float, longest: float) -> float:
    """Return the seconds to wait after so many failures in a row (at least 1): doubling from ``first`` to ``longest``.

    Up to half of it is taken off by chance, so that what failed together does not come back together.
    """
    doubled = first * 2.0 ** min(max(failures - 1, 0), _MOST_DOUBLINGS)
    return min(doubled, longest) * random.uniform(0.5, 1)  # noqa: S311 - no secret


@dataclass
class Retry:
    """When something that fails is tried again: ever more rarely, for as long as it goes on failing."""

    failures: int = 0
    again_at: float | None = None
    """By the monotonic clock; None while it is tried."""

    def fail(self, first: float, longest: float) -> float:
        """Note a failure; return the seconds to rest, as ``back_off`` does."""
        self.failures += 1
        rest = back_off(self.failures, first, longest)
        self.again_at = time.monotonic() + rest
        return rest

    @property
    def rests(self) -> bool:
        """Whether it is not tried now."""
        return self.again_at is not None

    @property
    def is_due(self) -> bool:
        """Whether it has rested long enough."""
        return self.again_at is not None and self.again_at <= time.monotonic()

    def begin(self) -> None:
        """Try it again."""
        self.again_at = None
