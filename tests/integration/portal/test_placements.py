"""Row 14: a place is proposed, never ordered; whoever is asked reads why, and accepts or declines by a date."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

PLACEMENT: dict[str, Any] = {
    "id": str(new_id()),
    "state": "proposed",
    "station_name": "柳城街道站",
    "service": "culture",
    "answer_by": "2030-03-01T10:00:00+08:00",
    "answered_at": None,
    "why": "从学校过去大约 20 分钟。",
}
VOLUNTEER: dict[str, Any] = {"vid": str(new_id())}


@pytest.mark.row(14)
@pytest.mark.parametrize(("answer", "accepted", "said"), [("accept", True, "已接受"), ("decline", False, "已婉拒")])
async def test_a_place_is_accepted_or_declined_with_one_tap_and_why_it_was_proposed_is_said(
    portal: Portal, answer: str, said: str, *, accepted: bool
) -> None:
    portal.services.answer("GET registry/v1/me/placements", [PLACEMENT])
    portal.services.answer(f"POST registry/v1/placements/{PLACEMENT['id']}/answer", {"state": "x"})
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get("/me/placements")).text
    assert "柳城街道站" in page
    assert PLACEMENT["why"] in page
    assert "这是建议，不是安排" in page
    done = await browser.post(f"/me/placements/{PLACEMENT['id']}/{answer}", data={"key": "once"})
    assert done.headers["location"] == f"/me/placements?done={answer}"
    assert said in (await browser.get(done.headers["location"])).text
    [sent] = [json.loads(request.content) for request in portal.services.asked if request.url.path.endswith("/answer")]
    assert sent == {"accepted": accepted}
    await browser.aclose()


async def test_an_answer_that_comes_too_late_is_told_beside_how_it_stands(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/placements", [PLACEMENT | {"state": "expired"}])
    portal.services.refuse(f"POST registry/v1/placements/{PLACEMENT['id']}/answer", 409, "too_late")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = await browser.post(f"/me/placements/{PLACEMENT['id']}/accept", data={"key": "once"})
    assert page.status_code == 409
    assert "没有成功" in page.text
    assert "已过期" in page.text
    assert 'action="/me/placements/' not in page.text
    await browser.aclose()


async def test_a_minor_who_accepts_is_led_to_the_guardian_s_consent(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/placements", [PLACEMENT])
    portal.services.refuse(f"POST registry/v1/placements/{PLACEMENT['id']}/answer", 422, "guardian_needed")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = await browser.post(f"/me/placements/{PLACEMENT['id']}/accept", data={"key": "once"})
    assert (page.status_code, 'href="/me/guardian"' in page.text) == (422, True)
    await browser.aclose()


async def test_where_the_station_has_named_no_need_the_service_is_the_volunteer_s_to_choose(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/placements", [PLACEMENT | {"service": ""}])
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    assert "由您选择" in (await browser.get("/me/placements")).text
    await browser.aclose()


async def test_with_nothing_proposed_the_page_says_when_something_is(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/placements", [])
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    assert "还没有建议" in (await browser.get("/me/placements")).text
    await browser.aclose()
