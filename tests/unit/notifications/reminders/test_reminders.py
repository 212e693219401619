"""Which reminders a place has, and which are still of use."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from services.notifications.reminders.domain import Place, Reminder, is_of_use, reminders_of

STARTS = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
HOUR, DAY, THREE = timedelta(hours=1), timedelta(hours=24), timedelta(hours=3)
PLACE = Place("510115", UUID(int=1), 1, UUID(int=2), "陪伴阅读", STARTS)


@pytest.mark.parametrize(
    ("left", "before"), [(48 * HOUR, [DAY, THREE]), (DAY, [THREE]), (4 * HOUR, [THREE]), (THREE, []), (-HOUR, [])]
)
def test_a_place_has_the_reminders_that_are_still_to_come(left: timedelta, before: list[timedelta]) -> None:
    assert [reminder.before for reminder in reminders_of(PLACE, STARTS - left)] == before


def test_whoever_has_no_place_is_reminded_of_nothing() -> None:
    assert not list(reminders_of(Place("510115", UUID(int=1), 2, UUID(int=2)), STARTS - 48 * HOUR))


def test_a_reminder_is_the_same_however_its_moment_is_written_and_another_when_the_shift_is_moved() -> None:
    ids = {
        Reminder(UUID(int=1), starts_at, before).id
        for starts_at in (STARTS, STARTS.astimezone(timezone(8 * HOUR)), STARTS + HOUR)
        for before in (DAY, THREE)
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("before", "left", "useful"),
    [
        (DAY, DAY, True),
        (DAY, THREE + HOUR, True),
        (DAY, THREE, False),
        (THREE, THREE, True),
        (THREE, HOUR, True),
        (THREE, 0 * HOUR, False),
    ],
)
def test_a_reminder_that_comes_late_gives_way_to_the_next_and_to_the_start(
    before: timedelta, left: timedelta, useful: bool
) -> None:
    assert is_of_use(Reminder(UUID(int=1), STARTS, before), STARTS - left) is useful
