"""Star levels, the annual window, and which rule set is in force."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.rules.domain import PLATFORM, RuleBook, RuleSet

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
RULES = RuleSet(
    district="510115",
    name="510115/2025.1",
    effective_from=LONG_AGO,
    zone="Asia/Shanghai",
    star_hours=(100, 300, 600, 1000, 1500),
    window_month=12,
    window_day=5,
    eligible_hours=20,
    eligible_months=3,
    nominated_percent=1,
    full_hours=100,
    hours_weight=60,
    full_months=12,
    months_weight=20,
    rating_weight=20,
    prior_ratings=3,
    prior_rating=4,
)
star_hours = st.lists(st.integers(1, 5000), min_size=1, max_size=8, unique=True).map(lambda hours: tuple(sorted(hours)))
minutes = st.integers(0, 400_000)


@pytest.mark.parametrize(
    ("given_minutes", "level"),
    [(0, 0), (5999, 0), (6000, 1), (6001, 1), (17_999, 1), (18_000, 2), (36_000, 3), (60_000, 4), (90_000, 5)],
)
@pytest.mark.row(49)
def test_a_level_is_reached_at_its_threshold_exactly(given_minutes: int, level: int) -> None:
    assert RULES.star_level(given_minutes) == level


@given(star_hours)
def test_every_threshold_is_the_first_minute_of_its_level(hours: tuple[int, ...]) -> None:
    rules = replace(RULES, star_hours=hours)
    for level, threshold in enumerate(rules.star_minutes, start=1):
        assert (rules.star_level(threshold - 1), rules.star_level(threshold)) == (level - 1, level)


@given(star_hours, minutes, minutes)
def test_more_minutes_never_give_a_lower_level(hours: tuple[int, ...], some: int, more: int) -> None:
    rules = replace(RULES, star_hours=hours)
    assert rules.star_level(some) <= rules.star_level(some + more)


@given(star_hours, minutes)
def test_the_missing_minutes_lead_to_the_next_level_and_one_less_does_not(hours: tuple[int, ...], has: int) -> None:
    rules = replace(RULES, star_hours=hours)
    level = rules.star_level(has)
    missing = rules.minutes_to_next_level(level, has)
    if missing is None:
        assert level == len(hours)
    else:
        assert (rules.star_level(has + missing - 1), rules.star_level(has + missing)) == (level, level + 1)


def test_a_star_that_was_awarded_counts_though_a_correction_took_hours_away() -> None:
    assert RULES.minutes_to_next_level(1, 5990) == 18_000 - 5990


def test_nothing_is_missing_for_a_level_that_the_hours_give_but_is_not_awarded_yet() -> None:
    assert RULES.minutes_to_next_level(0, 6060) == 0


@pytest.mark.parametrize("hours", [(), (0, 100), (100, 100), (300, 100)])
def test_thresholds_that_do_not_rise_are_refused(hours: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        replace(RULES, star_hours=hours)


def test_the_window_of_2025_is_the_year_before_volunteers_day() -> None:
    assert RULES.window(2025) == (date(2024, 12, 5), date(2025, 12, 5))


@given(st.integers(2001, 2998), st.integers(1, 12), st.integers(1, 28))
def test_windows_follow_each_other_without_gap_or_overlap(year: int, month: int, day: int) -> None:
    rules = replace(RULES, window_month=month, window_day=day)
    start, end = rules.window(year)
    assert rules.window(year + 1)[0] == end
    assert end - start in (timedelta(days=365), timedelta(days=366))


def test_a_district_follows_its_own_newest_rules_that_are_in_force() -> None:
    newer = replace(RULES, name="510115/2026.1", effective_from=datetime(2026, 1, 1, tzinfo=UTC))
    book = RuleBook([newer, RULES])
    assert book.in_force("510115", newer.effective_from - timedelta(microseconds=1)) is RULES
    assert book.in_force("510115", newer.effective_from) is newer


def test_a_district_without_rules_of_its_own_follows_the_platforms() -> None:
    platform = replace(RULES, district=PLATFORM, name="default/2025.1")
    later = replace(RULES, district="510116", effective_from=datetime(2026, 1, 1, tzinfo=UTC))
    book = RuleBook([RULES, platform, later])
    assert book.in_force("510100", LONG_AGO) is platform
    assert book.in_force("510116", LONG_AGO) is platform


@given(
    own=st.lists(st.integers(0, 20), unique=True),
    platform=st.lists(st.integers(0, 20), min_size=1, unique=True),
    days=st.lists(st.integers(0, 25), min_size=1),
)
def test_a_districts_periods_say_the_same_as_asking_for_a_moment(
    own: list[int], platform: list[int], days: list[int]
) -> None:
    begin = min(platform)  # before the platform has rules nothing is in force
    book = RuleBook(
        replace(RULES, district=district, name=f"{district}/{day}", effective_from=LONG_AGO + timedelta(days=day))
        for district, starts in (("510115", own), (PLATFORM, platform))
        for day in starts
        if day >= begin
    )
    for moment in (LONG_AGO + timedelta(days=begin + day) for day in days):
        [found] = [
            rules
            for since, until, rules in book.periods("510115")
            if since <= moment and (until is None or moment < until)
        ]
        assert found is book.in_force("510115", moment)


def test_no_rules_at_all_is_an_error() -> None:
    with pytest.raises(LookupError):
        RuleBook([RULES]).in_force("510115", LONG_AGO - timedelta(days=1))
