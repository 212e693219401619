"""What is wanted, and when it is quiet."""

from datetime import UTC, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.preferences.domain import (
    MAY_LEAVE_INBOX,
    Channel,
    Preferences,
    Purpose,
    QuietHours,
    is_needed,
)
from services.notifications.preferences.repository import preferences_of
from shared.contracts.calendar import CHINA

NIGHT, NOON = QuietHours(time(22), time(7)), QuietHours(time(12), time(14, 30))


def china(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=CHINA)


def test_everything_is_wanted_until_one_says_otherwise() -> None:
    assert all(Preferences().want(purpose, channel) for purpose, channel in product(Purpose, Channel))


def test_what_one_must_know_stays_in_the_inbox() -> None:
    nothing = Preferences(frozenset(product(Purpose, Channel)))
    assert {purpose for purpose in Purpose if not nothing.want(purpose, Channel.IN_APP)} == MAY_LEAVE_INBOX
    assert not any(nothing.want(purpose, Channel.EMAIL) for purpose in Purpose)
    assert {purpose for purpose in Purpose if is_needed(purpose, Channel.IN_APP)} == set(Purpose) - MAY_LEAVE_INBOX


@pytest.mark.parametrize(
    ("quiet", "moment", "end"),
    [
        (NIGHT, china(1, 22), china(2, 7)),
        (NIGHT, china(1, 23, 59), china(2, 7)),
        (NIGHT, china(2, 0), china(2, 7)),
        (NIGHT, china(2, 6, 59), china(2, 7)),
        (NIGHT, china(2, 7), None),
        (NIGHT, china(2, 21, 59), None),
        (NOON, china(1, 11, 59), None),
        (NOON, china(1, 12), china(1, 14, 30)),
        (NOON, china(1, 14, 30), None),
        (NOON, china(1, 23), None),
    ],
)
def test_quiet_hours_end_by_the_clock_in_china(quiet: QuietHours, moment: datetime, end: datetime | None) -> None:
    assert quiet.end_of(moment.astimezone(UTC)) == end


times = st.times().map(lambda at: at.replace(microsecond=0))


@given(times, times, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_their_end_is_within_a_day_and_is_quiet_no_more(starts: time, ends: time, passed: timedelta) -> None:
    quiet, moment = QuietHours(starts, ends), datetime(2026, 1, 1, tzinfo=UTC) + passed
    end = quiet.end_of(moment)
    if end is not None:
        assert moment < end <= moment + timedelta(days=1)
        assert quiet.end_of(end) is None or starts == ends


def test_a_purpose_of_a_newer_version_is_left_to_it() -> None:
    wanted = preferences_of(["told_tomorrow/email", "hours/by_pigeon", "hours/email"], None, None)
    assert wanted == Preferences(frozenset({(Purpose.HOURS, Channel.EMAIL)}))
