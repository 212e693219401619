"""When one checks in, and what of an attendance counts: the time actually given, and no more than the shift."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.attendance.domain import (
    Attendance,
    check_in,
    credited,
    is_forgotten,
)
from services.activities.records.domain import whole_minutes
from services.activities.rules.domain import FIRST_RULES, RuleSet
from services.activities.signing_up.domain import SignUpState
from shared.contracts import CheckInWay, Provenance
from shared.contracts.faults import RefusedError

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
END = START + timedelta(hours=2)
MINUTE = timedelta(minutes=1)


def attendance(state: SignUpState = SignUpState.CONFIRMED, **changes: object) -> Attendance:
    values = {
        "sign_up_id": uuid4(),
        "shift_id": uuid4(),
        "activity_id": uuid4(),
        "volunteer_id": uuid4(),
        "state": state,
        "version": 1,
        "absence": None,
        "checked_in_at": None,
        "checked_in_by": None,
        "inside": None,
        "code_from": None,
        "checked_out_at": None,
        "checked_out_by": None,
        "station_id": uuid4(),
        "published_by": "account:1",
        "activity_title": "读书会",
        "service": "culture",
        "starts_at": START,
        "ends_at": END,
    }
    return Attendance(**{**values, **changes})  # type: ignore[arg-type]


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
        check_in(attendance(), at)
        return
    with pytest.raises(RefusedError, match=code):
        check_in(attendance(), at)


def test_who_is_too_early_is_told_when_it_opens() -> None:
    with pytest.raises(RefusedError) as refused:
        check_in(attendance(), START - timedelta(hours=1))
    assert refused.value.facts == {"opens_at": (START - timedelta(minutes=30)).isoformat()}


@pytest.mark.parametrize("state", [state for state in SignUpState if state is not SignUpState.CONFIRMED])
def test_only_a_confirmed_place_can_be_taken_up(state: SignUpState) -> None:
    with pytest.raises(RefusedError, match="not_open"):
        check_in(attendance(state), START)


def test_a_check_out_says_when_the_service_ended_until_half_an_hour_after_the_shift() -> None:
    assert not is_forgotten(attendance(SignUpState.ATTENDING), END + timedelta(minutes=30))
    assert is_forgotten(attendance(SignUpState.ATTENDING), END + timedelta(minutes=30, seconds=1))


@pytest.mark.parametrize(
    ("came", "left", "minutes"),
    [
        (-30, 150, 120),  # early and late: the shift
        (10, 50, 40),  # late and early: what was given
        (-20, -5, None),  # gone before it began
        (119.8, 150, None),  # came for the last seconds
        (0, 0.4, None),  # a mistaken tap
    ],
)
def test_what_counts_is_within_the_shift(came: float, left: float, minutes: int | None) -> None:
    span = credited(START + came * MINUTE, START + left * MINUTE, START, END, FIRST_RULES)
    assert (span and span.minutes) == minutes


def test_an_activity_can_count_what_is_early_and_late() -> None:
    rules = RuleSet(counts_early=15 * MINUTE, counts_late=10 * MINUTE)
    span = credited(START - 30 * MINUTE, END + 30 * MINUTE, START, END, rules)
    assert span == (START - 15 * MINUTE, END + 10 * MINUTE, 145)


@pytest.mark.parametrize(
    ("way", "provenance"), [(way, "self_check_in" if way == "self_check_in" else "leader") for way in CheckInWay]
)
@pytest.mark.row(42)
def test_staff_vouch_for_all_but_the_code(way: CheckInWay, provenance: str) -> None:
    self_check_in = CheckInWay.SELF_CHECK_IN
    assert attendance(checked_in_by=way, checked_out_by=self_check_in).provenance == Provenance(provenance)
    assert attendance(checked_in_by=self_check_in, checked_out_by=way).provenance == Provenance(provenance)


moments = st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=2)).map(lambda offset: START + offset)
lengths = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=2))
tolerances = st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=2))


@given(came=moments, stayed=lengths, shift=st.timedeltas(min_value=MINUTE, max_value=timedelta(hours=23)))
def test_never_more_is_credited_than_was_given_nor_than_the_shift(
    came: datetime, stayed: timedelta, shift: timedelta
) -> None:
    span = credited(came, came + stayed, START, START + shift, FIRST_RULES)
    if span is None:
        assert whole_minutes(max(came, START), min(came + stayed, START + shift)) < 1
        return
    assert START <= span.started_at < span.ended_at <= START + shift
    assert came <= span.started_at
    assert span.ended_at <= came + stayed
    assert 1 <= span.minutes == whole_minutes(span.started_at, span.ended_at)


@given(came=moments, stayed=lengths, early=tolerances, late=tolerances)
def test_tolerance_never_takes_a_minute_away(
    came: datetime, stayed: timedelta, early: timedelta, late: timedelta
) -> None:
    strict = credited(came, came + stayed, START, END, FIRST_RULES)
    mild = credited(came, came + stayed, START, END, RuleSet(counts_early=early, counts_late=late))
    assert (mild.minutes if mild else 0) >= (strict.minutes if strict else 0)


@given(came=moments, stayed=lengths, longer=lengths)
def test_who_stays_longer_never_gets_less(came: datetime, stayed: timedelta, longer: timedelta) -> None:
    first = credited(came, came + stayed, START, END, FIRST_RULES)
    second = credited(came, came + stayed + longer, START, END, FIRST_RULES)
    assert (second.minutes if second else 0) >= (first.minutes if first else 0)
