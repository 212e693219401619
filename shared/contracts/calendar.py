"""The zone in which days, months and windows are counted: China's, which has known no summer time since 1991."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
_SATURDAY = 5


def district_day(moment: datetime) -> date:
    """Return the day that an aware moment falls on in a district."""
    return moment.astimezone(CHINA).date()


def add_working_days(day: date, count: int) -> date:
    """Return the day that is so many working days after another: Mondays to Fridays.

    Public holidays and the weekends worked for them (调休) are not known yet; a date that falls on one is early.
    """
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < _SATURDAY
    return day
