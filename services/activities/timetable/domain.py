"""Where a sign-up stands in its volunteer's timetable: the one place that a state more is sorted in.

Invariant: every state is in exactly one of ``UPCOMING``, ``WAITING``, ``SERVING`` and ``PAST`` (a test sees to it).
"""

from enum import StrEnum

from services.activities.signing_up.domain import SignUpState

UPCOMING = frozenset({SignUpState.CONFIRMED, SignUpState.ASKED_AGAIN})
"""A place is held. Past once the shift is over."""
WAITING = frozenset({SignUpState.WAITING, SignUpState.OFFERED})
"""There may be a place. Past once the shift has begun."""
SERVING = frozenset({SignUpState.ATTENDING})
"""Upcoming until it is ended, however late."""
GIVEN_UP = frozenset({SignUpState.WITHDRAWN, SignUpState.CANCELLED})
PAST = GIVEN_UP | {SignUpState.COMPLETED, SignUpState.MISSING_CHECK_OUT}


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
    return CalendarStatus.CANCELLED if state in GIVEN_UP else CalendarStatus.CONFIRMED
