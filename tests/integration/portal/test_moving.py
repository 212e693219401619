"""Row 59: somebody asks on a page to move to another district, and the office of that district answers."""

import json
import time
from typing import Any

import httpx
import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

VOLUNTEER: dict[str, Any] = {"vid": str(new_id())}
MOVE_ID = str(new_id())
AT = "2026-03-01T10:00:00+08:00"
OWN: dict[str, Any] = {
    "id": MOVE_ID,
    "to_district": "510116",
    "to_name": "双流区",
    "state": "waiting",
    "asked_at": AT,
    "due_on": "2026-03-13",
    "answered_at": None,
    "answer": None,
}
ASKED: dict[str, Any] = {
    "id": MOVE_ID,
    "volunteer_number": "51011600000007",
    "name": "张**",
    "from_district": "510116",
    "from_name": "双流区",
    "reason": "搬到柳城了",
    "asked_at": AT,
    "due_on": "2026-03-13",
    "overdue": True,
}
DISTRICTS = {
    "items": [{"code": "510115", "name": "温江区"}, {"code": "510116", "name": "双流区"}],
    "next_cursor": None,
}
PATH = "/me/profile/moving"


def known(portal: Portal, *own: dict[str, Any]) -> None:
    """Have registry know two districts, and what somebody has asked for."""
    portal.services.answer("GET registry/v1/districts", DISTRICTS)
    portal.services.answer("GET registry/v1/me/moves", list(own))
    portal.services.answer("GET registry/v1/moves", {"items": [ASKED], "next_cursor": None})


async def person(portal: Portal) -> httpx.AsyncClient:
    return await portal.logged_in("volunteer", stepped_up_at=int(time.time()), **VOLUNTEER)


async def office(portal: Portal) -> httpx.AsyncClient:
    return await portal.logged_in("district_admin", stepped_up_at=int(time.time()))


def sent(portal: Portal, end: str) -> Any:
    [one] = [each for each in portal.services.asked if each.method == "POST" and each.url.path.endswith(end)]
    return json.loads(one.content) if one.content else None


@pytest.mark.row(59)
async def test_the_page_says_what_comes_along_and_asks_who_has_just_shown_who_they_are(portal: Portal) -> None:
    known(portal)
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get(PATH)).text
    assert 'href="/step-up?then=/me/profile/moving"' in page
    assert 'name="to_district"' not in page
    await browser.aclose()
    browser = await person(portal)
    page = (await browser.get(PATH)).text
    for shown in ("随您转去的", "留在原来的区", "目前还不能转回", '<option value="510116">双流区</option>'):
        assert shown in page, shown
    assert '<option value="510115"' not in page
    assert f'href="{PATH}"' in (await browser.get("/me/profile")).text
    assert "What comes along" in (await browser.get(PATH, headers={"Accept-Language": "en"})).text
    await browser.aclose()


@pytest.mark.row(59)
async def test_nothing_is_asked_that_is_not_ticked_and_a_fault_stands_beside_its_field(portal: Portal) -> None:
    known(portal)
    browser = await person(portal)
    form = {"to_district": "510116", "reason": "搬家", "key": "once"}
    unsure = await browser.post(PATH, data=form)
    assert (unsure.status_code, "请勾选确认" in unsure.text, "搬家" in unsure.text) == (422, True, True)
    assert not [one for one in portal.services.asked if one.method == "POST" and "moves" in one.url.path]
    portal.services.refuse("POST registry/v1/me/moves", 409, "has_duties", "to_district")
    refused = await browser.post(PATH, data=form | {"sure": "yes"})
    assert (refused.status_code, 'id="to_district-fault"' in refused.text) == (409, True)
    await browser.aclose()


@pytest.mark.row(59)
async def test_a_request_is_made_seen_and_taken_back(portal: Portal) -> None:
    known(portal)
    portal.services.answer("POST registry/v1/me/moves", OWN)
    portal.services.answer(f"POST registry/v1/me/moves/{MOVE_ID}/taking-back", {"id": MOVE_ID, "state": "taken_back"})
    browser = await person(portal)
    form = {"to_district": "510116", "reason": "搬家", "sure": "yes", "key": "once"}
    asked = await browser.post(PATH, data=form)
    assert asked.headers["location"] == f"{PATH}?done=asked"
    assert sent(portal, "/v1/me/moves") == {"to_district": "510116", "reason": "搬家"}
    known(portal, OWN)
    page = (await browser.get(asked.headers["location"])).text
    assert "待答复" in page
    assert "3月13日" in page
    assert 'name="to_district"' not in page  # one request at a time
    back = await browser.post(f"{PATH}/{MOVE_ID}/taking-back", data={"key": "once"})
    assert back.headers["location"] == f"{PATH}?done=taken_back"
    known(portal, OWN | {"state": "refused", "answered_at": AT, "answer": "请先到中心核对住址"})
    page = (await browser.get(PATH)).text
    assert "没有同意" in page
    assert "请先到中心核对住址" in page
    await browser.aclose()


@pytest.mark.row(59)
async def test_the_office_sees_who_wants_to_come_masked_and_what_is_overdue_and_answers(portal: Portal) -> None:
    known(portal)
    portal.services.answer(f"POST registry/v1/moves/{MOVE_ID}/answer", {"id": MOVE_ID, "state": "accepted"})
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/moves")).text
    assert 'href="/step-up?then=/staff/moves"' in page
    assert f"/staff/moves/{MOVE_ID}/accept" not in page
    await browser.aclose()
    browser = await office(portal)
    page = (await browser.get("/staff/moves")).text
    for shown in ("张**", "51011600000007", "双流区", "搬到柳城了", "已逾期", 'href="/staff/moves"'):
        assert shown in page, shown
    done = await browser.post(f"/staff/moves/{MOVE_ID}/accept", data={"words": "", "key": "once"})
    assert done.headers["location"] == "/staff/moves?done=accept"
    assert sent(portal, "/answer") == {"accepted": True, "answer": ""}
    assert "已转入" in (await browser.get(done.headers["location"])).text
    await browser.aclose()


@pytest.mark.row(59)
async def test_a_refusal_needs_words_and_who_is_on_file_already_cannot_come(portal: Portal) -> None:
    known(portal)
    browser = await office(portal)
    portal.services.refuse(f"POST registry/v1/moves/{MOVE_ID}/answer", 422, "missing", "answer")
    refused = await browser.post(f"/staff/moves/{MOVE_ID}/refuse", data={"words": "", "key": "once"})
    assert (refused.status_code, 'id="answer"' in refused.text) == (422, True)
    portal.services.refuse(f"POST registry/v1/moves/{MOVE_ID}/answer", 409, "already_registered", "move_id")
    twice = await browser.post(f"/staff/moves/{MOVE_ID}/accept", data={"words": "", "key": "twice"})
    assert (twice.status_code, "请本人注销其中一条" in twice.text) == (409, True)
    await browser.aclose()


@pytest.mark.row(59)
async def test_the_card_says_where_somebody_has_come_from(portal: Portal) -> None:
    volunteer_id = str(new_id())
    card = {
        "id": volunteer_id,
        "number": "51011600000007",
        "name": "张**",
        "phone": "170****8271",
        "category": "resident",
        "organisation": None,
        "team": None,
        "community": None,
        "registered_on": "2026-03-01",
        "minor": False,
        "moved_from": "510116",
        "moved_from_name": "双流区",
    }
    portal.services.answer(f"GET registry/v1/volunteers/{volunteer_id}", card)
    portal.services.answer(f"GET registry/v1/volunteers/{volunteer_id}/mergers", {"items": [], "next_cursor": None})
    browser = await office(portal)
    assert "从双流区转入" in (await browser.get(f"/staff/volunteers/{volunteer_id}")).text
    await browser.aclose()
