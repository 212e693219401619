"""A roster as a spreadsheet: what the page says, in texts that no program takes for anything else."""

from io import BytesIO
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest

from shared.contracts.actor import Role
from tests.integration.portal.test_offline_list import ROSTER, SHIFT, VOLUNTEER
from tests.support.portal import FakeServices, Portal

FILE = f"/staff/shifts/{SHIFT}/roster.xlsx"
OTHERS = tuple(f"01900000-0000-7000-8000-0000000000{n}" for n in (10, 11))


def entry(volunteer: str, last_four: str, **more: Any) -> dict[str, Any]:
    return {
        **ROSTER["items"][0],
        "sign_up_id": volunteer,
        "volunteer_id": volunteer,
        "number_last_four": last_four,
        **more,
    }


def named(volunteer: str, name: str) -> dict[str, str]:
    return {"id": volunteer, "volunteer_number": "51011500024180", "name_masked": name, "phone_masked": ""}


@pytest.fixture
def staffed(services: FakeServices) -> FakeServices:
    """A shift of three, on two pages of the roster; one has served."""
    served = {
        "state": "completed",
        "checked_in_at": "2026-03-01T09:01:00Z",
        "checked_out_at": "2026-03-01T11:00:00Z",
        "minutes": 119,
    }
    first = [entry(VOLUNTEER, "0180", **served), entry(OTHERS[0], "4181", absence="no_show")]
    pages: dict[str | None, dict[str, Any]] = {
        None: {**ROSTER, "title": "护河/行动", "place": "=1+1", "items": first, "next_cursor": "c"},
        "c": {**ROSTER, "items": [entry(OTHERS[1], "4182")]},
    }
    roster = f"GET activities/v1/shifts/{SHIFT}/roster"
    services.answer(roster)
    plain = services.answers[roster]
    assert callable(plain)
    answers = {}
    for cursor, page in pages.items():
        services.answer(roster, page)
        answers[cursor] = services.answers[roster]
    services.answers[roster] = lambda request: answers[request.url.params.get("cursor")](request)  # type: ignore[operator]
    services.answer("GET registry/v1/volunteers", {"items": [named(VOLUNTEER, "薛**"), named(OTHERS[0], "=2+2")]})
    return services


@pytest.mark.usefixtures("staffed")
async def test_the_file_says_what_the_page_does_in_texts(portal: Portal) -> None:
    browser = await portal.logged_in(Role.TEAM_LEADER)
    answer = await browser.get(FILE)
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["cache-control"] == "no-store"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; filename=\"roster-2026-03-01-1700.xlsx\"; filename*=UTF-8''")
    assert unquote(disposition).endswith("名单-护河-行动-2026-03-01-1700.xlsx")

    (sheet,) = openpyxl.load_workbook(BytesIO(answer.content)).worksheets
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert sheet.title == "名单"
    assert [row[0] for row in rows[:3]] == ["护河/行动", "3月1日 周日 17:00–19:00", "=1+1"]
    assert rows[3] == ["序号", "姓名", "编号后四位", "状态", "签到", "签退", "分钟数"]
    assert rows[4:] == [
        [1, "薛**", "0180", "已完成", "17:01", "19:00", 119],
        [2, "=2+2", "4181", "未到场", None, None, None],
        [3, None, "4182", "已报名", None, None, None],
    ]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n"}, "no formula"
    assert "51011500024180" not in str(rows), "the page shows the last four digits"
    await browser.aclose()


@pytest.mark.usefixtures("staffed")
async def test_the_file_is_in_the_language_of_the_pages(portal: Portal) -> None:
    browser = await portal.logged_in(Role.TEAM_LEADER)
    answer = await browser.get(FILE, headers={"Accept-Language": "en"})
    (sheet,) = openpyxl.load_workbook(BytesIO(answer.content)).worksheets
    assert [cell.value for cell in sheet[4]] == [
        "No.",
        "Name",
        "Last four",
        "State",
        "Check in",
        "Check out",
        "Minutes",
    ]
    await browser.aclose()


async def test_the_list_of_others_is_403(portal: Portal, services: FakeServices) -> None:
    services.refuse(f"GET activities/v1/shifts/{SHIFT}/roster", 404, "not_found")
    browser = await portal.logged_in(Role.TEAM_LEADER)
    assert (await browser.get(FILE)).status_code == 403
    await browser.aclose()
