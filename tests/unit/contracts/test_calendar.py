"""Working days are China's: public holidays and the weekends worked for them, as far as they are published."""

from datetime import date

import pytest

from shared.contracts.calendar import add_working_days, holidays_known, is_working_day


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        (date(2026, 2, 17), False),  # Spring Festival, a Tuesday
        (date(2026, 2, 28), True),  # a Saturday worked for it
        (date(2026, 10, 10), True),  # a Saturday worked for National Day
        (date(2026, 10, 7), False),
        (date(2026, 3, 7), False),  # a Saturday
        (date(2026, 3, 9), True),
    ],
)
def test_public_holidays_and_the_weekends_worked_for_them_are_known(day: date, is_worked: bool) -> None:
    assert is_working_day(day) is is_worked


def test_a_deadline_reaches_over_a_holiday() -> None:
    # Spring Festival 2026: 15 to 23 February off, Saturdays 14 and 28 worked
    assert add_working_days(date(2026, 2, 13), 10) == date(2026, 3, 5)


def test_ten_working_days_over_the_national_day_count_what_is_worked_for_it() -> None:
    # 1 to 7 October off; Sunday 20 September and Saturday 10 October worked
    assert add_working_days(date(2026, 9, 28), 5) == date(2026, 10, 10)


def test_a_year_whose_holidays_are_not_published_counts_mondays_to_fridays_and_says_so() -> None:
    far = date(2099, 1, 1)
    assert not holidays_known(far)
    assert holidays_known(date(2026, 12, 31))
    assert add_working_days(far, 2) == date(2099, 1, 5)  # a Thursday: Friday, Monday


def test_a_deadline_may_reach_from_a_known_year_into_one_that_is_not() -> None:
    assert add_working_days(date(2026, 12, 31), 1) >= date(2027, 1, 1)
