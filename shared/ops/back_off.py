"""How long to wait before the next try. The same for every loop, batch and item of work that failed.

Invariant: any number of failures in a row has a wait, and it lies between half of ``first`` and ``longest``.
"""

import random

_MOST_DOUBLINGS = 32
"""Beyond any ``longest`` that makes sense, and far below what a float can hold."""


def back_off(failures: int, first: float, longest: float) -> float:
    """Return the seconds to wait after so many failures in a row (at least 1): doubling from ``first`` to ``longest``.

    Up to half of it is taken off by chance, so that what failed together does not come back together.
    """
    doubled = first * 2.0 ** min(max(failures - 1, 0), _MOST_DOUBLINGS)
    return min(doubled, longest) * random.uniform(0.5, 1)  # noqa: S311 - no secret
