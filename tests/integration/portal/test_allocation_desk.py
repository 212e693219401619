"""Rows 14 and 15 at the centre's desk: terms, the plan with its table and proof, approval with a step-up, answers."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

ID, EARLIER = str(new_id()), str(new_id())
ALLOCATION: dict[str, Any] = {
    "id": ID,
    "previous_id": None,
    "state": "proposed",
    "capacity_use": 90,
    "answer_by": "2030-03-01T23:59:59+08:00",
    "asked_at": "2026-11-01T10:00:00+08:00",
    "approved_at": None,
}
STATION: dict[str, Any] = {
    "name": "新华社区志愿服务站",
    "code": "510115-STA-01",
    "quota": 2199,
    "demand": {"elderly": 283, "law": 626},
    "given": {"elderly": 283, "law": 600, "culture": 17},
    "accepted": 0,
    "answers": {},
}
PLAN: dict[str, Any] = ALLOCATION | {
    "rules": "2026-1",
    "digest": "abcdef0123456789" * 4,
    "cost": 4_821_337,
    "limit": 423,
    "people": 24_400,
    "places": 21_987,
    "gap_minutes": 12.4,
    "gap_is_wide": True,
    "stations": [STATION],
    "universities": [
        {"university": "510115-ORG-01", "people": 20, "placed": 19, "mean_minutes": 21.5, "wanted": 18, "skilled": 9},
        {"university": "", "people": 2, "placed": 1, "mean_minutes": 33.9, "wanted": 1, "skilled": 0},
    ],
    "prices": [{"station": "510115-STA-01", "service": "law", "price": 77}],
}


@pytest.fixture(autouse=True)
def _known(portal: Portal) -> None:
    organisations = [{"code": "510115-ORG-01", "name": "西南财经大学"}]
    portal.services.answer("GET registry/v1/organisations", {"items": organisations, "next_cursor": None})
    portal.services.answer("GET registry/v1/allocations", [ALLOCATION])
    portal.services.answer(f"GET registry/v1/allocations/{ID}", PLAN)


def _sent(portal: Portal, path: str) -> list[Any]:
    asked = [one for one in portal.services.asked if one.method == "POST" and one.url.path == path]
    return [json.loads(one.content) if one.content != b"null" else None for one in asked]


@pytest.mark.row(14)
async def test_the_centre_asks_for_a_plan_and_is_told_each_field_that_is_wrong(portal: Portal) -> None:
    portal.services.answer("POST registry/v1/allocations", {"id": ID, "state": "asked"}, 202)
    browser = await portal.logged_in("district_admin")
    assert "批准之前谁也不通知" in (await browser.get("/staff/allocations")).text
    wrong = await browser.post("/staff/allocations", data={"capacity_use": "many", "answer_on": "tomorrow"})
    assert wrong.status_code == 422
    assert 'href="#capacity_use"' in wrong.text
    assert 'href="#answer_on"' in wrong.text
    assert 'value="many"' in wrong.text
    terms = {"capacity_use": "90", "answer_on": "2030-03-01", "key": "once"}
    asked = await browser.post("/staff/allocations", data=terms)
    assert asked.headers["location"] == f"/staff/allocations/{ID}"
    assert _sent(portal, "/v1/allocations") == [
        {"capacity_use": 90, "answer_by": "2030-03-01T23:59:59+08:00", "again": False}
    ]
    portal.services.refuse("POST registry/v1/allocations", 422, "out_of_range", "answer_by")
    late = await browser.post("/staff/allocations", data=terms)
    assert 'href="#answer_on"' in late.text
    await browser.aclose()


@pytest.mark.row(15)
async def test_who_has_answered_is_kept_when_the_plan_is_run_again(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/allocations", [ALLOCATION | {"state": "approved"}])
    portal.services.answer("POST registry/v1/allocations", {"id": EARLIER, "state": "asked"}, 202)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/allocations")).text
    assert "已接受的不动" in page
    await browser.post("/staff/allocations", data={"answer_on": "2030-03-01", "again": "1"})
    assert [one["again"] for one in _sent(portal, "/v1/allocations")] == [True]
    await browser.aclose()


@pytest.mark.row(14)
async def test_a_plan_shows_quota_need_and_given_whether_it_is_fair_and_why_none_is_better(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/allocations/{ID}")).text
    for said in ("2,199", "909", "900", "需要 283，给了 283", "给了 17"):
        assert said in page
    assert "西南财经大学" in page
    assert "不属于高校" in page
    assert "最多相差 12.4 分钟，差得较大" in page
    assert "不超过 42 分钟" in page
    assert "4,821,337" in page
    assert "24,400" in page
    assert "21,987" in page
    assert "2,413" in page
    await browser.aclose()


async def test_while_a_plan_is_made_the_page_asks_again_with_and_without_scripts(portal: Portal) -> None:
    portal.services.answer(f"GET registry/v1/allocations/{ID}", ALLOCATION | {"state": "asked"})
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/allocations/{ID}")).text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'hx-trigger="every 2s"' in page
    by_htmx = {"HX-Request": "true"}
    assert "<html" not in (await browser.get(f"/staff/allocations/{ID}", headers=by_htmx)).text
    portal.services.answer(f"GET registry/v1/allocations/{ID}", PLAN)
    made = await browser.get(f"/staff/allocations/{ID}", headers=by_htmx)
    assert made.headers["HX-Redirect"] == f"/staff/allocations/{ID}"
    portal.services.answer(f"GET registry/v1/allocations/{ID}", ALLOCATION | {"state": "failed"})
    assert "没有算成" in (await browser.get(f"/staff/allocations/{ID}")).text
    await browser.aclose()


@pytest.mark.row(14)
async def test_approval_asks_once_more_who_one_is_and_what_stands_in_its_way_is_said(portal: Portal) -> None:
    where = f"POST registry/v1/allocations/{ID}/approval"
    browser = await portal.logged_in("district_admin")
    portal.services.refuse(where, 403, "step_up")
    page = f"http://portal.test/staff/allocations/{ID}"
    asked = await browser.post(f"/staff/allocations/{ID}/approval", data={"key": "k"}, headers={"Referer": page})
    assert asked.headers["location"] == f"/step-up?then=%2Fstaff%2Fallocations%2F{ID}"
    portal.services.refuse(where, 409, "changed_meanwhile", "allocation_id")
    late = await browser.post(f"/staff/allocations/{ID}/approval", data={"key": "k"})
    assert late.status_code == 409
    assert "请按最新的答复重新计算" in late.text
    portal.services.answer(where, {"id": ID, "state": "approved", "version": 2})
    done = await browser.post(f"/staff/allocations/{ID}/approval", data={"key": "k"})
    assert done.headers["location"] == f"/staff/allocations/{ID}?done=approved"
    await browser.aclose()


@pytest.mark.row(14, 15)
async def test_answers_are_counted_as_they_come_and_an_auditor_looks_without_a_button(portal: Portal) -> None:
    answers = {"accepted": 300, "declined": 12, "proposed": 588}
    approved = PLAN | {"state": "approved", "stations": [STATION | {"answers": answers}]}
    portal.services.answer(f"GET registry/v1/allocations/{ID}", approved)
    portal.services.answer("GET registry/v1/allocations", [ALLOCATION | {"state": "approved"}])
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/allocations/{ID}")).text
    for said in ("已接受", "300", "已婉拒", "12", "待答复", "588", "按答复接着算"):
        assert said in page
    assert "批准并通知" not in page
    await browser.aclose()
    auditor = await portal.logged_in("auditor")
    assert "按答复接着算" not in (await auditor.get(f"/staff/allocations/{ID}")).text
    assert "计算方案" not in (await auditor.get("/staff/allocations")).text
    await auditor.aclose()


async def test_with_no_plan_yet_the_page_says_what_is_needed_first(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/allocations", [])
    browser = await portal.logged_in("district_admin")
    assert "还没有方案" in (await browser.get("/staff/allocations")).text
    del portal.services.answers["GET registry/v1/allocations"]
    assert "暂时取不到" in (await browser.get("/staff/allocations")).text
    await browser.aclose()
