"""The zone in which days, months and windows are counted, and which days are worked.

Invariant: a moment falls on the day that it is in China, which has known no summer time since 1991; no date is refused
because a year's holidays are not published yet (ADR 0041).
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

CHINA = ZoneInfo("Asia/Shanghai")
_SATURDAY = 5


def begin_of(day: date) -> datetime:
    """Return the moment at which a day begins in a district: also the end of the day before."""
    return datetime.combine(day, time(), CHINA)


def district_day(moment: datetime) -> date:
    """Return the day that an aware moment falls on in a district."""
    return moment.astimezone(CHINA).date()


def holidays_known(day: date) -> bool:
    """Return whether the State Council's arrangement of a day's year, holidays and weekends worked, is known here."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


def is_working_day(day: date) -> bool:
    """Return whether a day is worked; in a year whose arrangement is not known, Mondays to Fridays are."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < _SATURDAY


def add_working_days(day: date, count: int) -> date:
    """Return the day that is so many working days after another."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def festival_of(day: date) -> str | None:
    """Return the statutory festival that a day off belongs to, None where it belongs to none.

    An ordinary weekend is none; of a year whose arrangement is not known no day is.
    """
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return str(name) if is_off and name else None
