"""Drafts on the pages: nothing that was typed is lost, whoever else has done something with the draft meanwhile."""

import json
from typing import Any

import httpx
import pytest

from shared.contracts.actor import Role
from tests.support.portal import FakeServices, Portal

DRAFT = "01900000-0000-7000-8000-00000000000d"
ONE = f"activities/v1/drafts/{DRAFT}"
TYPED: dict[str, Any] = {
    "station": "510115-STA-01",
    "title": "社区<读书>会",
    "place": "活动室",
    "day": ["2026-12-01", ""],
    "starts": ["09:00", "14:00"],
    "ends": ["11:00", ""],
    "capacity": ["20", ""],
    "weeks": "4",
    "key": "k1",
}
KEPT = {
    **dict.fromkeys(("service", "person_in_charge", "risk_text", "description"), ""),
    **{name: TYPED[name] for name in ("station", "title", "place", "weeks")},
    "id": DRAFT,
    "shifts": [
        {"day": "2026-12-01", "starts": "09:00", "ends": "11:00", "capacity": "20"},
        {"day": "", "starts": "14:00", "ends": "", "capacity": ""},
    ],
    "version": 3,
}


@pytest.fixture
async def leader(portal: Portal) -> httpx.AsyncClient:
    return await portal.logged_in(Role.TEAM_LEADER)


def sent(services: FakeServices, what: str) -> dict[str, Any]:
    """Return the body that was sent to a route last."""
    method, _, path = what.partition(" ")
    request = [one for one in services.asked if one.method == method and one.url.path == path][-1]
    body: dict[str, Any] = json.loads(request.content)
    return body


async def test_what_is_typed_is_kept_as_it_is_and_shown_again(
    leader: httpx.AsyncClient, services: FakeServices
) -> None:
    services.answer("POST activities/v1/drafts", {"id": DRAFT, "version": 1}, 201)
    answer = await leader.post("/staff/activities", data={**TYPED, "do": "save"})
    assert answer.headers["location"] == f"/staff/activities/drafts/{DRAFT}?done=saved"
    body = sent(services, "POST /v1/drafts")
    kept = ("title", "weeks", "shifts")
    assert {name: body[name] for name in kept} == {name: KEPT[name] for name in kept}

    services.answer(f"GET {ONE}", KEPT)
    page = (await leader.get(answer.headers["location"])).text
    assert "已存为草稿。" in page
    assert 'value="社区&lt;读书&gt;会"' in page
    assert page.count('value="14:00"') == 1


async def test_a_draft_is_published_with_what_the_form_says_now(
    leader: httpx.AsyncClient, services: FakeServices
) -> None:
    services.answer("POST activities/v1/activities", {"id": DRAFT}, 201)
    whole = {**TYPED, **{name: TYPED[name][:1] for name in ("day", "starts", "ends", "capacity")}}
    answer = await leader.post("/staff/activities", data={**whole, "draft": DRAFT, "version": "3", "do": "publish"})
    assert answer.status_code == 303
    body = sent(services, "POST /v1/activities")
    assert body["kept_as"] == {"id": DRAFT, "version": 3}
    assert len(body["shifts"]) == 4, "each week one"


@pytest.mark.parametrize("do", ["save", "publish"])
async def test_a_draft_that_is_gone_leaves_what_was_typed_as_a_new_activity(
    leader: httpx.AsyncClient, services: FakeServices, do: str
) -> None:
    for what in (f"PUT {ONE}", "POST activities/v1/activities"):
        services.refuse(what, 404, "not_found", "draft_id")
    answer = await leader.post("/staff/activities", data={**TYPED, "draft": DRAFT, "version": "3", "do": do})
    assert answer.status_code == 404
    assert "这份草稿已经发布了，或者被丢弃了。" in answer.text
    assert 'name="draft" value=""' in answer.text
    assert 'value="14:00"' in answer.text


async def test_a_draft_that_somebody_else_has_changed_is_overwritten_only_by_pressing_again(
    leader: httpx.AsyncClient, services: FakeServices
) -> None:
    services.refuse(f"PUT {ONE}", 409, "changed_meanwhile", "version")
    services.answer(f"GET {ONE}", {**KEPT, "title": "别人的", "version": 4})
    answer = await leader.post("/staff/activities", data={**TYPED, "draft": DRAFT, "version": "3", "do": "save"})
    assert (answer.status_code, "别人刚改过这份草稿。" in answer.text) == (409, True)
    assert 'value="社区&lt;读书&gt;会"' in answer.text
    assert 'name="version" value="4"' in answer.text


async def test_a_draft_that_was_thrown_away_twice_is_gone(leader: httpx.AsyncClient, services: FakeServices) -> None:
    services.refuse(f"DELETE {ONE}", 404, "not_found", "draft_id")
    answer = await leader.post(f"/staff/activities/drafts/{DRAFT}/discard")
    assert answer.headers["location"] == "/staff/activities?state=draft&done=discarded"


async def test_the_list_of_drafts_says_what_is_still_missing(leader: httpx.AsyncClient, services: FakeServices) -> None:
    row = {"draft_id": DRAFT, "title": "", "place": "", "station_name": None, "shifts": 2, "is_own": False}
    services.answer(
        "GET activities/v1/drafts",
        {"items": [{**row, "changed_at": "2026-11-27T01:00:00Z"}], "next_cursor": None},
    )
    counts = {"draft": 1, "open": 0, "running": 0, "ended": 0, "cancelled": 0}
    services.answer("GET activities/v1/me/activities", {"items": [], "next_cursor": None, "counts": counts})
    page = (await leader.get("/staff/activities?state=draft")).text
    for said in ("还没有名称", "还没选站点", "2 个班次", "别人写的"):
        assert said in page
