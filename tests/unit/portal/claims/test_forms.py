"""What is typed into a claim, as activities wants it."""

from datetime import UTC, datetime

from services.portal.claims.forms import ClaimForm, filled


def test_times_are_those_of_a_clock_in_china_on_the_day_that_is_said() -> None:
    body = ClaimForm(day="2026-03-01", begins="09:00", ends="11:30", reason=" 没电 ").body()
    assert body == {
        "started_at": "2026-03-01T09:00:00+08:00",
        "ended_at": "2026-03-01T11:30:00+08:00",
        "reason": "没电",
    }


def test_an_end_before_the_begin_is_of_the_next_day() -> None:
    body = ClaimForm(day="2026-03-01", begins="22:00", ends="00:30").body()
    assert body["ended_at"] == "2026-03-02T00:30:00+08:00"


def test_what_is_no_time_is_left_out() -> None:
    body = ClaimForm(day="1 March", begins="09:00", ends="noon").body()
    assert (body["started_at"], body["ended_at"]) == (None, None)


def test_what_is_on_file_is_filled_in_as_it_would_be_typed() -> None:
    started_at, ended_at = datetime(2026, 2, 28, 17, 0, tzinfo=UTC), datetime(2026, 2, 28, 19, 0, tzinfo=UTC)
    form = filled(started_at, ended_at)
    assert (form.day, form.begins, form.ends) == ("2026-03-01", "01:00", "03:00")
