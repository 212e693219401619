"""Row 13 of domain.md: 1 centre, 10 stations, n teams by a day; how far it has come, and when it would be reached."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.standard.domain.targets import Kind, Outlook, missed, progress

START, DUE = date(2026, 3, 1), date(2026, 7, 31)


@pytest.mark.row(13)
@pytest.mark.parametrize(
    ("there", "today", "outlook", "reached_on"),
    [
        (10, date(2026, 5, 1), Outlook.REACHED, None),
        (10, date(2026, 8, 1), Outlook.REACHED, None),
        (9, date(2026, 8, 1), Outlook.OVERDUE, date(2026, 8, 18)),
        (9, DUE, Outlook.LATE, date(2026, 8, 17)),
        (5, date(2026, 5, 1), Outlook.ON_TIME, date(2026, 7, 1)),
        (2, date(2026, 5, 1), Outlook.LATE, date(2026, 12, 31)),
        (0, date(2026, 5, 1), Outlook.NO_PACE, None),
        (3, date(2026, 3, 5), Outlook.TOO_EARLY, None),
    ],
)
def test_a_target_is_on_time_late_or_overdue_by_the_pace_since_the_plan_began(
    there: int, today: date, outlook: Outlook, reached_on: date | None
) -> None:
    found = progress(10, 0, there, START, DUE, today)
    assert (found.outlook, found.reached_on) == (outlook, reached_on)


@pytest.mark.row(13)
def test_what_was_there_when_the_plan_began_is_no_part_of_the_pace() -> None:
    found = progress(10, 6, 8, START, DUE, START + timedelta(days=60))
    assert (found.gained, found.days) == (2, 60)
    assert found.reached_on == START + timedelta(days=120)


@pytest.mark.row(13)
def test_a_quota_of_nothing_is_there() -> None:
    assert progress(0, 0, 0, START, DUE, START).per_cent == 100


@pytest.mark.row(13)
@given(wanted=st.integers(0, 500), at_start=st.integers(0, 500), there=st.integers(0, 500), days=st.integers(0, 2000))
def test_a_forecast_is_for_what_is_not_there_yet_and_never_for_a_day_gone_by(
    wanted: int, at_start: int, there: int, days: int
) -> None:
    today = START + timedelta(days=days)
    found = progress(wanted, at_start, there, START, DUE, today)
    assert 0 <= found.per_cent <= 100
    assert (found.per_cent == 100) == (there >= wanted)
    if found.reached_on is not None:
        assert found.reached_on > today
        assert there < wanted
        assert there > at_start


@pytest.mark.row(13)
@given(st.integers(1, 50), st.integers(0, 49), st.integers(8, 900))
def test_more_there_is_never_a_later_forecast(wanted: int, there: int, days: int) -> None:
    today = START + timedelta(days=days)
    less, more = (progress(wanted, 0, count, START, DUE, today) for count in (there, there + 1))
    if less.reached_on and more.reached_on:
        assert more.reached_on <= less.reached_on


@pytest.mark.row(13)
def test_what_a_plan_has_missed_is_named() -> None:
    there = {Kind.CENTRES: 1, Kind.STATIONS: 9, Kind.TEAMS: 84, Kind.COMMUNITIES: 9}
    assert missed({Kind.CENTRES: 1, Kind.STATIONS: 10, Kind.TEAMS: 84}, there) == [Kind.STATIONS]
