"""Minutes are the time actually given."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.activities.attendance.domain import check_in, end_of_service
from services.activities.records.domain import whole_minutes
from services.activities.signing_up.domain import Shift, SignUpState
from shared.contracts.faults import RefusedError

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
END = START + timedelta(hours=2)
SHIFT = Shift(uuid4(), uuid4(), "读书会", START, END, 10, 1, 0, 2)


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 0), (29, 0), (29.999, 0), (30, 1), (89, 1), (90, 2), (3600, 60), (86400, 1440)]
)
def test_minutes_are_rounded_half_up(seconds: float, minutes: int) -> None:
    assert whole_minutes(START, START + timedelta(seconds=seconds)) == minutes


@pytest.mark.parametrize(
    ("minutes_after_start", "code"), [(-31, "too_early"), (-30, None), (0, None), (119, None), (120, "too_late")]
)
def test_one_checks_in_from_half_an_hour_before_until_the_end(minutes_after_start: int, code: str | None) -> None:
    at = START + timedelta(minutes=minutes_after_start)
    if code is None:
        check_in(SignUpState.CONFIRMED, SHIFT, at)
        return
    with pytest.raises(RefusedError, match=code):
        check_in(SignUpState.CONFIRMED, SHIFT, at)


@pytest.mark.parametrize("state", [state for state in SignUpState if state is not SignUpState.CONFIRMED])
def test_only_a_confirmed_place_can_be_taken_up(state: SignUpState) -> None:
    with pytest.raises(RefusedError, match="not_open"):
        check_in(state, SHIFT, START)


def test_an_overrun_counts_but_a_forgotten_check_out_does_not() -> None:
    overrun = END + timedelta(minutes=30)
    assert end_of_service(overrun, END) == overrun
    assert end_of_service(overrun + timedelta(seconds=1), END) == END
