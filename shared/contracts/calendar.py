"""The zone in which days, months and windows are counted: China's, which has known no summer time since 1991."""

from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
