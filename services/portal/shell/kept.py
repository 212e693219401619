"""What anybody may read, kept for a moment: a thousand strangers at once are one call.

Invariant: only what a stranger is shown is kept, never longer than ``SECONDS``.
"""

import time
from collections.abc import Callable

from shared.http.kept import KeptAnswers

SECONDS = 1.0


class Kept(KeptAnswers):
    """Answers by what was asked."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(SECONDS, clock)
