"""D3: figures of a period by group as a chart and a table with the same numbers, as files, and whose hours they are."""

import io
import re
from typing import Any

import openpyxl
import pytest

from shared.store.event_log import new_id
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
TOTAL = {"minutes": 5_210_402, "sessions": 27_114, "volunteers": 9_019}
STATISTICS: dict[str, Any] = {**TOTAL, "as_of": "2026-11-28T01:00:00Z", "groups": GROUPS}
MONTHS = [{"code": code, "name": None, "minutes": 1, "sessions": 1, "volunteers": 1} for code in ("2024-02", "2025-03")]


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


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "record_id": str(new_id()),
        "kind": "credit",
        "minutes": 122,
        "provenance": "leader",
        "station": "新华社区志愿服务站",
        "service": "culture",
        "activity_title": "社区读书会",
        "volunteer_no": "V1",
        "service_on": "2025-03-01",
        **changes,
    }


@pytest.mark.row(55)
async def test_a_figure_leads_to_the_entries_that_add_up_to_it_and_they_to_their_events(portal: Portal) -> None:
    """A1, D3: "why", from a row of any grouping."""
    shown = [
        entry(),
        entry(kind="reversal", minutes=-122),
        entry(activity_title="", minutes=7),
    ]
    portal.services.answer("GET assessment/v1/ledger-entries", {"items": shown, "next_cursor": "more"})
    browser = await portal.logged_in("auditor")
    assert "/staff/statistics/entries?from=2025-01-01&amp;by=station&amp;station=510115-STA-01" in (
        (await browser.get("/staff/statistics?from=2025-01-01")).text
    )
    assert "/staff/statistics/entries?by=station&amp;station=-" in (await browser.get("/staff/statistics")).text
    page = (await browser.get("/staff/statistics/entries?from=2025-01-01&by=station&station=510115-STA-01")).text
    wanted = {"from": "2025-01-01", "station": "510115-STA-01"}
    assert asked(portal, "/v1/ledger-entries") == [{**wanted, "limit": "50"}]
    assert asked(portal, "/v1/statistics")[-1] == wanted, "the total that stands above is of the same records"
    for said in ("86,840 小时 2 分", "−2 小时 2 分", "社区读书会", "文化", "cursor=more", "截至 11月28日 周六 09:00"):
        assert said in page, said
    assert f"/staff/explanations/{shown[1]['record_id']}" in page
    await browser.aclose()


async def test_a_month_s_row_asks_for_its_days_that_are_in_the_period(portal: Portal) -> None:
    portal.services.answer("GET assessment/v1/statistics", STATISTICS | {"groups": MONTHS})
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/statistics?by=month&from=2024-02-10&to=2025-03-20")).text
    assert "/staff/statistics/entries?from=2024-02-10&amp;to=2024-02-29&amp;by=month" in page
    assert "/staff/statistics/entries?from=2025-03-01&amp;to=2025-03-20&amp;by=month" in page
    await browser.aclose()


async def test_a_team_leader_sees_the_entries_and_no_way_to_who_did_what(portal: Portal) -> None:
    portal.services.answer("GET assessment/v1/ledger-entries", {"items": [entry()], "next_cursor": None})
    browser = await portal.logged_in("team_leader")
    page = (await browser.get("/staff/statistics/entries")).text
    assert "社区读书会" in page
    assert "/staff/explanations/" not in page
    portal.services.answer("GET assessment/v1/ledger-entries", {"items": [], "next_cursor": None})
    assert "这里没有明细" in (await browser.get("/staff/statistics/entries?volunteer=V2")).text
    await browser.aclose()


async def test_figures_that_are_narrowed_say_so_and_stay_so_in_the_form(portal: Portal) -> None:
    portal.services.answer("GET assessment/v1/statistics", STATISTICS | {"groups": MONTHS})
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/statistics?by=month&station=510115-STA-01")).text
    assert "全部时间 · 510115-STA-01" in page
    assert '<input type="hidden" name="station" value="510115-STA-01">' in page
    await browser.aclose()
