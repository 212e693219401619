"""The day it is in a district. Times are kept in UTC; days are China's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

DISTRICT_ZONE = ZoneInfo("Asia/Shanghai")


def district_day(moment: datetime) -> date:
    """Return the day that an aware moment falls on in the district."""
    return moment.astimezone(DISTRICT_ZONE).date()
