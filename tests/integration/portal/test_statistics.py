"""D3: figures of a period by group as a chart and a table with the same numbers, as files, and whose hours they are."""

import io
import re
from typing import Any

import openpyxl
import pytest

from tests.support.portal import Portal

GROUPS = [
    {
        "code": "510115-STA-01",
        "name": "新华社区志愿服务站",
        "minutes": 5_210_341,
        "sessions": 27_111,
        "volunteers": 9_018,
    },
    {"code": "510115-STA-02", "name": "=柳城", "minutes": 61, "sessions": 2, "volunteers": 1},
    {"code": None, "name": None, "minutes": 0, "sessions": 1, "volunteers": 1},
]
STATISTICS: dict[str, Any] = {"minutes": 5_210_402, "sessions": 27_114, "volunteers": 9_019, "groups": GROUPS}


def person(number: str) -> dict[str, Any]:
    figures = {"minutes": 1920, "sessions": 13, "lifetime_minutes": 2130, "stars": 0}
    return {"volunteer_no": number, "category": "resident", **figures}


@pytest.fixture(autouse=True)
def _known(portal: Portal) -> None:
    portal.services.answer("GET assessment/v1/statistics", STATISTICS)


def asked(portal: Portal, path: str) -> list[dict[str, str]]:
    return [dict(one.url.params) for one in portal.services.asked if one.url.path == path]


def minutes_in(texts: list[str]) -> int:
    found = [re.fullmatch(r"(?:([\d,]+) 小时)?\s*(?:(\d+) 分)?", text) for text in texts]
    return sum(int((one[1] or "0").replace(",", "")) * 60 + int(one[2] or 0) for one in found if one)


async def test_the_bars_texts_add_up_to_the_total_and_the_table_has_the_same_numbers(portal: Portal) -> None:
    """Check 16 of portal.md, section 11."""
    browser = await portal.logged_in("auditor")
    page = (await browser.get("/staff/statistics")).text
    chart = page[page.index("<svg viewBox") :].split("</svg>")[0]
    bars = re.findall(r'class="value"[^>]*>([^<]+)<', chart)
    assert minutes_in(bars) == STATISTICS["minutes"]
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert re.findall(r'data-label="时长">([^<]+)<', table) == bars
    assert "style=" not in chart
    assert "86,840 小时 2 分" in page
    await browser.aclose()


async def test_a_period_ends_with_the_day_that_was_typed_and_wrong_days_are_named(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    await browser.get("/staff/statistics?from=2025-01-01&to=2025-12-31&by=service&provenance=import")
    assert asked(portal, "/v1/statistics") == [
        {"by": "service", "from": "2025-01-01", "to": "2026-01-01", "provenance": "import"}
    ]
    wrong = await browser.get("/staff/statistics?from=yesterday&to=2025-12-31")
    assert wrong.status_code == 422
    assert 'href="#from"' in wrong.text
    assert 'value="yesterday"' in wrong.text
    portal.services.refuse("GET assessment/v1/statistics", 422, "out_of_range", "to")
    turned = await browser.get("/staff/statistics?from=2025-02-01&to=2025-01-01")
    assert 'href="#to"' in turned.text
    portal.services.answer("GET assessment/v1/statistics", STATISTICS | {"sessions": 0, "groups": []})
    assert "这段时间没有服务记录" in (await browser.get("/staff/statistics")).text
    del portal.services.answers["GET assessment/v1/statistics"]
    assert "暂时取不到" in (await browser.get("/staff/statistics")).text
    await browser.aclose()


async def test_the_table_is_handed_out_as_csv_and_as_a_spreadsheet_without_formulas(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    lines = (await browser.get("/staff/statistics/files/groups.csv")).content.decode("utf-8-sig").splitlines()
    assert lines[1] == "510115-STA-01,新华社区志愿服务站,5210341,27111,9018"
    assert lines[2].startswith("510115-STA-02,'=柳城,61")
    assert lines[-1].endswith("5210402,27114,9019")
    book = openpyxl.load_workbook(io.BytesIO((await browser.get("/staff/statistics/files/groups.xlsx")).content))
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1] == ["510115-STA-01", "新华社区志愿服务站", 5_210_341, 27_111, 9_018]
    assert (rows[2][1], sheet["B3"].data_type) == ("=柳城", "s")
    await browser.aclose()


async def test_each_figure_leads_to_the_people_whose_hours_it_is_page_by_page_and_as_a_file(portal: Portal) -> None:
    portal.services.answer("GET assessment/v1/volunteer-hours", {"items": [person("V1")], "next_cursor": "more"})
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/statistics?from=2025-01-01")).text
    assert "/staff/statistics/people?from=2025-01-01&amp;by=station&amp;station=510115-STA-01" in page
    people = (await browser.get("/staff/statistics/people?from=2025-01-01&by=station&station=510115-STA-01")).text
    assert asked(portal, "/v1/volunteer-hours") == [
        {"from": "2025-01-01", "station": "510115-STA-01", "served": "true", "limit": "50"}
    ]
    for said in ("V1", "32 小时", "35 小时 30 分", "cursor=more", "/staff/volunteers?query=V1"):
        assert said in people
    portal.services.answer("GET assessment/v1/volunteer-hours", {"items": [person("V1")], "next_cursor": None})
    file = (await browser.get("/staff/statistics/files/people.csv")).content.decode("utf-8-sig").splitlines()
    assert file[1] == "V1,居民,1920,13,2130,0"
    await browser.aclose()
