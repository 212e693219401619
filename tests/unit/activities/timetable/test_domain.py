"""Every state of a sign-up has its place in its volunteer's timetable."""

from collections import Counter

from services.activities.signing_up.domain import TAKING_UP, SignUpState
from services.activities.timetable.domain import PAST, SERVING, UPCOMING, WAITING, calendar_status


def test_every_state_is_in_exactly_one_list() -> None:
    assert Counter(state for listed in (UPCOMING, WAITING, SERVING, PAST) for state in listed) == Counter(SignUpState)


def test_what_is_past_holds_no_time() -> None:
    assert set(SignUpState) - PAST == set(TAKING_UP)


def test_a_calendar_keeps_what_was_served_and_drops_what_was_given_up() -> None:
    for state in (SignUpState.WITHDRAWN, SignUpState.CANCELLED):
        assert calendar_status(state) == "CANCELLED"
    assert calendar_status(SignUpState.WAITING) == "TENTATIVE"
    for state in (SignUpState.CONFIRMED, SignUpState.ATTENDING, SignUpState.COMPLETED):
        assert calendar_status(state) == "CONFIRMED"
