"""Where a sign-up stands in its volunteer's timetable: the one place that a state more is sorted in.

Invariant: every sign-up is in exactly one of the three lists, whatever its state.
"""

from enum import StrEnum

from services.activities.signing_up.domain import SignUpState

HOLDS_TIME = frozenset(SignUpState) - {SignUpState.WITHDRAWN}
"""States in which a sign-up keeps its volunteer from another shift at the same time (cases C1)."""
UPCOMING = frozenset({SignUpState.CONFIRMED})
"""States that end with the shift, where nobody comes."""
WAITING = frozenset({SignUpState.WAITING})
"""States that end when the shift begins."""
SERVING = frozenset({SignUpState.ATTENDING})
"""States that somebody has to end, however late."""


class Listed(StrEnum):
    """The three lists of a volunteer's sign-ups."""

    UPCOMING = "upcoming"
    WAITING = "waiting"
    PAST = "past"
