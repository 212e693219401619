"""Days and times are read as browsers' fields write them, and in China's zone."""

from datetime import UTC, date, datetime, time

import pytest

from services.portal.shell.clocks import moment_of, read_clock, read_day, read_moment


def test_what_a_browser_s_field_sends_is_read() -> None:
    assert read_day("2026-03-01") == date(2026, 3, 1)
    assert read_clock("09:00") == time(9)
    assert read_clock("09:00:30") == time(9, 0, 30)
    assert read_moment("2026-03-01T00:30") == datetime(2026, 2, 28, 16, 30, tzinfo=UTC)
    assert moment_of("2026-03-01", "09:00") == read_moment("2026-03-01T09:00")


@pytest.mark.parametrize(
    "text", ["", "2026-02-30", "20260301", "2026-W09-7", "1 March", " 2026-03-01", "2026-03-01\n", "２０２６-０３-０１"]
)
def test_what_is_no_day_is_not_read(text: str) -> None:
    assert read_day(text) is None
    assert read_moment(f"{text}T09:00") is None


@pytest.mark.parametrize(
    "text", ["", "9", "9:00", "09", "0900", "24:00", "09:00Z", "09:00+08:00", "09:00:00.5", "noon"]
)
def test_what_is_no_time_is_not_read(text: str) -> None:
    assert read_clock(text) is None
    assert moment_of("2026-03-01", text) is None
    assert read_moment(f"2026-03-01T{text}") is None


def test_a_moment_with_a_zone_is_not_what_a_field_sends() -> None:
    assert read_moment("2026-03-01T09:00:00+00:00") is None
    assert read_moment("2026-03-01 09:00") is None
