"""What an organiser types is read as shifts, and a fault of shift n stands at the row that it came from."""

from datetime import UTC, datetime

import pytest

from services.portal.publishing.domain import ShiftRow, all_shifts, rows_to_copy
from services.portal.publishing.forms import PublishForm, publishing_faults
from shared.http.upstream import RefusedByServiceError

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
MORNING = ShiftRow("2026-12-01", "09:00", "11:00", "20")
EVENING = ShiftRow("2026-12-02", "18:30", "20:00", "8")


def test_rows_are_repeated_week_by_week_at_the_same_time_in_china() -> None:
    shifts = all_shifts([MORNING, EVENING], 2)
    assert [shift["starts_at"] for shift in shifts] == [
        "2026-12-01T09:00:00+08:00",
        "2026-12-02T18:30:00+08:00",
        "2026-12-08T09:00:00+08:00",
        "2026-12-09T18:30:00+08:00",
    ]
    assert [shift["capacity"] for shift in shifts] == [20, 8, 20, 8]


@pytest.mark.parametrize(
    ("row", "missing"),
    [
        (MORNING, []),
        (ShiftRow(), ["day", "starts", "ends", "capacity"]),
        (ShiftRow("2026-02-30", "9", "25:00", "1"), ["day", "starts", "ends"]),
    ],
)
def test_what_is_no_day_or_time_is_missing(row: ShiftRow, missing: list[str]) -> None:
    assert row.missing == missing


def test_a_copy_keeps_weekday_and_time_on_the_next_such_day_and_each_once() -> None:
    thursday = datetime(2026, 11, 12, 1, 0, tzinfo=UTC)
    shifts = [(thursday.replace(day=day), thursday.replace(day=day, hour=3), 20) for day in (12, 19, 26)]
    assert rows_to_copy(shifts, NOW) == [ShiftRow("2026-12-03", "09:00", "11:00", "20")]


def test_a_shift_still_to_come_is_copied_as_it_is() -> None:
    saturday = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
    assert rows_to_copy([(saturday, saturday.replace(hour=3), 5)], NOW) == [
        ShiftRow("2026-11-28", "09:00", "11:00", "5")
    ]


def test_an_empty_form_asks_for_its_station_and_its_shift() -> None:
    form = PublishForm()
    assert list(form.missing("zh-CN")) == ["station", "day-0", "starts-0", "ends-0", "capacity-0"]
    assert form.body(complete=False)["shifts"] == []


def test_a_fault_of_a_repeated_shift_stands_at_its_row() -> None:
    faults = [
        {"field": "title", "code": "missing", "message": "title is required"},
        {"field": "shifts.3.starts_at", "code": "in_past", "message": "shifts.3.starts_at is in the past"},
        {"field": "shifts.1.starts_at", "code": "in_past", "message": "shifts.1.starts_at is in the past"},
        {"field": "shifts.0.ends_at", "code": "end_before_start", "message": "结束不晚于开始"},
    ]
    refused = RefusedByServiceError(422, {"faults": faults}, None)
    assert publishing_faults(refused, [MORNING, EVENING]) == {
        "title": "is required",
        "day-1": "is in the past",
        "ends-0": "结束不晚于开始",
    }
