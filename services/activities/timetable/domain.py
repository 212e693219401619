"""Where a sign-up stands in its volunteer's timetable: the one place that a state more is sorted in.

Invariant: every state is in exactly one of ``UPCOMING``, ``WAITING``, ``SERVING`` and ``PAST`` (a test sees to it).
"""

from enum import StrEnum

from services.activities.signing_up.domain import SignUpState

UPCOMING = frozenset({SignUpState.CONFIRMED})
"""A place is held. Past once the shift is over."""
WAITING = frozenset({SignUpState.WAITING})
"""There may be a place. Past once the shift has begun."""
SERVING = frozenset({SignUpState.ATTENDING})
"""Upcoming until it is ended, however late."""
PAST = frozenset({SignUpState.COMPLETED, SignUpState.WITHDRAWN})
HOLDS_TIME = UPCOMING | WAITING | SERVING
"""The volunteer can take nothing else at that time (cases C1)."""


class Listed(StrEnum):
    """The three lists of a volunteer's sign-ups."""

    UPCOMING = "upcoming"
    WAITING = "waiting"
    PAST = "past"


class CalendarStatus(StrEnum):
    """How an iCalendar entry stands (RFC 5545, 3.8.1.11)."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


def calendar_status(state: SignUpState) -> CalendarStatus:
    """Return how a sign-up stands in a calendar: what was given up is taken out of it."""
    if state in WAITING:
        return CalendarStatus.TENTATIVE
    return CalendarStatus.CANCELLED if state is SignUpState.WITHDRAWN else CalendarStatus.CONFIRMED
