"""How long to wait before the next try. Invariant: never longer than ``longest``, however often it has failed."""

import random

_DOUBLINGS = 30
"""More make no pause longer, and a number so large is no float any more."""


def back_off(failures: int, first: float, longest: float) -> float:
    """Return the seconds to wait after so many failures in a row.

    ``first`` after one, doubled by each further one up to ``longest``; of that a random share from half on, so that
    many who failed together do not come back together.
    """
    pause = min(first * float(2 ** min(max(failures - 1, 0), _DOUBLINGS)), longest)
    return pause * random.uniform(0.5, 1)  # noqa: S311 - no secret
