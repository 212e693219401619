"""P5: public statistics without a log-in: a year by month, community and station, small numbers not shown."""

import re
from typing import Any

import pytest

from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.support.portal import Portal

AT = "2026-11-28T01:00:00Z"
REGISTER = {
    "year": 2025,
    "volunteers": 27_300,
    "few": False,
    "as_of": AT,
    "months": [{"code": "2025-02", "name": None, "volunteers": 412, "few": False}],
    "communities": [
        {"code": "510115001001", "name": "新华社区", "volunteers": 9_018, "few": False},
        {"code": "510115001002", "name": "柳城社区", "volunteers": None, "few": True},
        {"code": "510115001003", "name": "涌泉社区", "volunteers": None, "few": False},
        {"code": None, "name": None, "volunteers": 18_000, "few": False},
    ],
}
HOURS: dict[str, Any] = {
    "year": 2025,
    "hours": 723_060,
    "volunteers": 25_120,
    "few": False,
    "as_of": "2026-11-28T00:59:00Z",
    "months": [
        {"code": "2025-02", "name": None, "hours": 60_255, "volunteers": 9_018, "few": False},
        {"code": "2025-03", "name": None, "hours": None, "volunteers": None, "few": True},
    ],
    "stations": [
        {"code": "S1", "name": "=新华社区志愿服务站", "hours": 86_839, "volunteers": 7_001, "few": False},
        {"code": None, "name": None, "hours": 10, "volunteers": 5, "few": False},
    ],
}
HELD = {
    "year": 2025,
    "activities": 1_204,
    "as_of": AT,
    "months": [{"code": "2025-02", "name": None, "activities": 131}],
    "stations": [{"code": "S1", "name": "=新华社区志愿服务站", "activities": 96}],
}
PATHS = {"registry": REGISTER, "assessment": HOURS, "activities": HELD}


@pytest.fixture(autouse=True)
def _told(portal: Portal) -> None:
    for service, answer in PATHS.items():
        portal.services.answer(f"GET {service}/v1/public/statistics", answer)
    portal.app.state.kept = type(portal.app.state.kept)(lambda: float("inf"))


def cells(page: str, section: str) -> list[list[str]]:
    """Return the texts of a section's table, row by row."""
    table = page[page.index(f'id="{section}"') :].split("</tbody>", maxsplit=1)[0].split("<tbody>")[1]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in rows]


async def test_anybody_sees_a_year_by_month_community_and_station_and_as_of_when(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/public/figures", {"volunteers": 27_300, "as_of": AT})
    async with portal.browser() as browser:
        home = (await browser.get("/")).text
        page = (await browser.get("/statistics?year=2025")).text
    assert 'href="/statistics"' in home
    for said in ("27,300", "723,060", "25,120", "1,204", "不足 5 人"):
        assert said in page, said
    assert "截至 11月28日 周六 08:59" in page, "the oldest of the three"
    assert cells(page, "months") == [
        ["2025-02", "412", "60,255", "9,018", "131"],
        ["2025-03", "0", "&lt;5", "&lt;5", "0"],
    ]
    assert cells(page, "communities") == [
        ["新华社区", "9,018"],
        ["柳城社区", "&lt;5"],
        ["涌泉社区", "不公布"],
        ["没有填", "18,000"],
    ]
    assert cells(page, "stations") == [["=新华社区志愿服务站", "86,839", "7,001", "96"], ["未登记", "10", "5", "0"]]
    assert page.count("<rect") == 13, "twelve months, and the sign of the site"
    assert {dict(one.url.params)["year"] for one in portal.services.asked if "statistics" in one.url.path} == {"2025"}


async def test_without_a_choice_it_is_this_year_and_what_is_no_year_is_said_beside_the_field(portal: Portal) -> None:
    async with portal.browser() as browser:
        assert (await browser.get("/statistics")).status_code == 200
        this_year = str(district_day(now()).year)
        asked = [dict(one.url.params) for one in portal.services.asked if "statistics" in one.url.path]
        assert [one["year"] for one in asked] == [this_year] * 3
        for wrong in ("1999", "2999", "last", "²025"):
            page = await browser.get("/statistics", params={"year": wrong})
            assert page.status_code == 422
            assert 'href="#year"' in page.text
            assert (await browser.get("/statistics/figures.csv", params={"year": wrong})).status_code == 422


async def test_a_year_without_data_says_so_and_what_is_away_leaves_the_rest(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/public/statistics", REGISTER | {"months": []})
    portal.services.answer("GET assessment/v1/public/statistics", HOURS | {"hours": 0, "months": [], "stations": []})
    portal.services.answer("GET activities/v1/public/statistics", HELD | {"months": [], "stations": []})
    async with portal.browser() as browser:
        assert "这一年没有数据" in (await browser.get("/statistics?year=2024")).text
        del portal.services.answers["GET assessment/v1/public/statistics"]
        page = (await browser.get("/statistics?year=2023")).text
        assert "暂时取不到" in page
        assert "27,300" in page
        assert "这一年没有数据" not in page


async def test_the_tables_are_a_file_and_whoever_has_it_already_gets_no_copy(portal: Portal) -> None:
    async with portal.browser() as browser:
        file = await browser.get("/statistics/figures.csv?year=2025")
        lines = file.content.decode("utf-8-sig").splitlines()
        held = await browser.get("/statistics/figures.csv?year=2025", headers={"If-None-Match": file.headers["etag"]})
    assert lines == [
        "分组,代码,名称,志愿者人数,服务小时,服务人数,活动数",
        "月份,2025-02,,412,60255,9018,131",
        "月份,2025-03,,,<5,<5,0",
        "社区,510115001001,新华社区,9018,,,",
        "社区,510115001002,柳城社区,<5,,,",
        "社区,510115001003,涌泉社区,不公布,,,",
        "社区,,没有填,18000,,,",
        "站点,S1,'=新华社区志愿服务站,,86839,7001,96",
        "站点,,,,10,5,0",
        "合计,2025,,27300,723060,25120,1204",
    ]
    assert file.headers["content-disposition"] == 'attachment; filename="statistics-2025.csv"'
    assert (held.status_code, held.content) == (304, b"")
