"""D5: the office finds, opens and changes accounts; a temporary password is shown once; a refusal is told in words."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

ID = str(new_id())
PATH = f"registry/v1/accounts/{ID}"
ACCOUNT: dict[str, Any] = {
    "id": ID,
    "user_name": "li.station01",
    "roles": ["station_manager"],
    "units": ["510115-STA-01"],
    "volunteer_number": None,
    "locked": False,
    "must_change_password": False,
    "second_factor": True,
    "created_at": "2026-01-05T10:00:00+08:00",
    "sessions": 2,
}
CHANGE = {
    "happened_at": "2026-01-05T10:00:00+08:00",
    "action": "account_locked",
    "by": "admin.510115",
    "reason": "离职",
}
STATION = {"code": "510115-STA-01", "name": "柳城社区志愿服务站"}


@pytest.fixture
def office(portal: Portal) -> Portal:
    """The portal, with an account, its history, and a station and a team to be of."""
    portal.services.answer("GET registry/v1/accounts", {"items": [ACCOUNT], "next_cursor": "more"})
    portal.services.answer(f"GET {PATH}", ACCOUNT)
    portal.services.answer(f"GET {PATH}/history", {"items": [CHANGE], "next_cursor": None})
    portal.services.answer("GET registry/v1/stations", {"items": [STATION], "next_cursor": None})
    portal.services.answer("GET registry/v1/teams", {"items": [{"code": "T1", "name": "一队"}], "next_cursor": None})
    return portal


def sent(portal: Portal, method: str) -> list[dict[str, Any]]:
    """Return the bodies that were sent by a method, but for log-ins."""
    asked = [
        request for request in portal.services.asked if request.method == method and "tokens" not in request.url.path
    ]
    return [json.loads(request.content) for request in asked]


async def test_accounts_are_found_by_how_they_begin_and_by_role_page_by_page(office: Portal) -> None:
    browser = await office.logged_in("district_admin")
    page = (await browser.get("/staff/accounts?query=Li&role=station_manager&cursor=abc")).text
    assert "li.station01" in page
    assert "cursor=more" in page
    [asked] = [request for request in office.services.asked if request.url.path == "/v1/accounts"]
    assert dict(asked.url.params) == {"query": "Li", "role": "station_manager", "cursor": "abc"}
    office.services.answer("GET registry/v1/accounts", {"items": [], "next_cursor": None})
    assert "没有找到" in (await browser.get("/staff/accounts")).text
    await browser.aclose()


async def test_an_account_is_opened_once_and_then_has_a_temporary_password_that_is_shown_once(office: Portal) -> None:
    office.services.answer("POST registry/v1/accounts", {"id": ID}, 201)
    office.services.answer(f"POST {PATH}/password-reset", {"temporary_password": "abcd2345efgh6789"})
    browser = await office.logged_in("district_admin")
    assert "柳城社区志愿服务站" in (await browser.get("/staff/accounts/new")).text
    form = {"user_name": "li.station01", "roles": "station_manager", "units": "510115-STA-01", "key": "once"}
    for _ in range(2):  # a second tap
        done = await browser.post("/staff/accounts/new", data=form)
        assert done.headers["location"] == f"/staff/accounts/{ID}?done=opened"
    first, second = sent(office, "POST")
    assert first == second
    assert (first["roles"], first["units"]) == (["station_manager"], ["510115-STA-01"])
    assert len(first["password"]) == 64
    shown = await browser.post(f"/staff/accounts/{ID}/password-reset", data={"reason": "开户"})
    assert "abcd2345efgh6789" in shown.text
    assert "abcd2345efgh6789" not in (await browser.get(f"/staff/accounts/{ID}")).text
    await browser.aclose()


@pytest.mark.parametrize("what", ["lock", "unlock", "log-out", "second-factor-reset"])
async def test_what_is_done_has_a_reason_and_without_one_is_refused_in_words(office: Portal, what: str) -> None:
    office.services.refuse(f"POST {PATH}/{what}", 422, "missing", "reason")
    browser = await office.logged_in("district_admin")
    page = await browser.post(f"/staff/accounts/{ID}/{what}", data={"reason": " "})
    assert page.status_code == 422
    assert "没有成功" in page.text
    office.services.answer(f"POST {PATH}/{what}", None, 204)
    done = await browser.post(f"/staff/accounts/{ID}/{what}", data={"reason": "离职"})
    assert done.headers["location"] == f"/staff/accounts/{ID}?done={what}"
    assert sent(office, "POST")[-1] == {"reason": "离职"}
    await browser.aclose()


async def test_nobody_grants_what_they_may_not_and_the_page_says_so(office: Portal) -> None:
    office.services.refuse(f"PUT {PATH}/roles", 403, "forbidden", "roles")
    browser = await office.logged_in("district_admin")
    page = (await browser.get(f"/staff/accounts/{ID}")).text
    assert 'value="case_worker"' in page
    assert 'value="district_admin"' not in page
    refused = await browser.post(f"/staff/accounts/{ID}/roles", data={"roles": "district_admin", "reason": "x"})
    assert refused.status_code == 403
    assert "角色：forbidden" in refused.text
    await browser.aclose()


async def test_what_gives_rights_asks_once_more_who_one_is(office: Portal) -> None:
    office.services.refuse(f"PUT {PATH}/roles", 403, "step_up")
    browser = await office.logged_in("district_admin")
    answer = await browser.post(f"/staff/accounts/{ID}/roles", data={"roles": "auditor", "reason": "x"})
    assert answer.headers["location"].startswith("/step-up")
    assert "/step-up?then=/staff/accounts/new" in (await browser.get("/staff/accounts/new")).text
    await browser.aclose()


async def test_what_was_done_to_an_account_is_shown_with_who_and_why(office: Portal) -> None:
    browser = await office.logged_in("operator", district="*")
    page = (await browser.get(f"/staff/accounts/{ID}")).text
    for shown in ("停用", "admin.510115", "离职", 'value="district_admin"'):
        assert shown in page
    await browser.aclose()
