"""Times and figures as pages write them."""

from datetime import UTC, datetime, timedelta

import pytest

from services.portal.shell.catalogue import translations
from services.portal.shell.formats import Formats

NOW = datetime(2026, 11, 26, 16, 30, tzinfo=UTC)  # half past midnight on the 27th in China
MORNING = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)


def formats(language: str) -> Formats:
    return Formats(language, translations(language), lambda: NOW)


def test_a_day_is_china_s_and_has_its_weekday() -> None:
    assert formats("zh-CN").day(MORNING) == "11月28日 周六"
    assert formats("en").day(MORNING) == "Sat 28 Nov"
    assert formats("zh-CN").day(datetime(2025, 12, 31, 17, tzinfo=UTC)) == "1月1日 周四"
    assert formats("en").day(datetime(2025, 12, 5, tzinfo=UTC)) == "5 Dec 2025"


def test_today_and_tomorrow_have_their_names_beside_the_date() -> None:
    assert formats("zh-CN").near_day(NOW) == "今天 11月27日 周五"
    assert formats("zh-CN").near_day(MORNING) == "明天 11月28日 周六"
    assert formats("en").near_day(MORNING + timedelta(days=1)) == "Sun 29 Nov"


def test_an_end_on_a_later_day_has_its_date() -> None:
    assert formats("zh-CN").hours(MORNING, MORNING + timedelta(hours=2)) == "09:00–11:00"
    assert formats("zh-CN").hours(MORNING, MORNING + timedelta(hours=20)) == "09:00 – 11月29日 周日 05:00"


@pytest.mark.parametrize(
    ("minutes", "chinese", "english"),
    [
        (31141, "519 小时 1 分", "519 h 1 min"),
        (60, "1 小时", "1 h"),
        (5, "5 分", "5 min"),
        (0, "0 分", "0 min"),
        (-122, "−2 小时 2 分", "−2 h 2 min"),
    ],
)
def test_minutes_are_hours_and_minutes(minutes: int, chinese: str, english: str) -> None:
    assert formats("zh-CN").duration(minutes) == chinese
    assert formats("en").duration(minutes) == english


def test_how_long_until_is_in_the_largest_unit_that_fits() -> None:
    later = [
        timedelta(days=3),
        timedelta(hours=30),
        timedelta(minutes=90),
        timedelta(minutes=20),
        timedelta(seconds=-5),
    ]
    said = [formats("zh-CN").until(NOW + each) for each in later]
    assert said == ["3 天后", "30 小时后", "1 小时后", "20 分钟后", "1 分钟后"]


@pytest.mark.parametrize(("hour", "part"), [(4, "evening"), (5, "morning"), (12, "afternoon"), (18, "evening")])
def test_the_greeting_follows_china_s_clock(hour: int, part: str) -> None:
    now = datetime(2026, 11, 27, hour, tzinfo=UTC) - timedelta(hours=8)
    assert Formats("en", translations("en"), lambda: now).greeting() == part
