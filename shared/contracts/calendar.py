"""The zone in which days, months and windows are counted: China's, which has known no summer time since 1991."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


def district_day(moment: datetime) -> date:
    """Return the day that an aware moment falls on in a district."""
    return moment.astimezone(CHINA).date()
