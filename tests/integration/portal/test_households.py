"""Row 20 on pages: what a case worker reads is on one answer alone, and nobody else is shown more than a group."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

ID, PAIRING, WORKER = (str(new_id()) for _ in range(3))
PATH = f"registry/v1/households/{ID}"
PAIRED: dict[str, Any] = {
    "id": PAIRING,
    "volunteer_number": "51011500000001",
    "team_name": None,
    "rhythm": "weekly",
    "starts_on": "2020-01-05",
    "ends_on": None,
    "ended_on": None,
    "visits": 2,
    "last_visit_on": "2020-01-20",
    "next_visit_on": "2020-01-27",
}
HOUSEHOLD: dict[str, Any] = {
    "id": ID,
    "number": 12,
    "station": "510115-STA-01",
    "station_name": "柳城社区志愿服务站",
    "groups": ["elder", "youth", "youth"],
    "opened_on": "2020-01-02",
    "closed_on": None,
    "mine": True,
    "name_masked": "陈**",
    "pairings": 1,
    "visit_due_on": "2020-01-27",
    "case_workers": [],
    "paired_with": [PAIRED],
}
FILE: dict[str, Any] = {
    "number": 12,
    "version": 3,
    "address": "长安路 8 号",
    "phone": "02882700000",
    "note": "",
    "people": [{"name": "陈小雨", "category": "child_of_released_prisoner", "phone": "", "note": ""}],
    "visits": [{"volunteer_number": "51011500000001", "visited_on": "2020-01-20", "minutes": 60, "note": "都好"}],
}
ELSE = HOUSEHOLD | {"mine": False, "name_masked": None}


def sent(portal: Portal, ending: str) -> list[Any]:
    """Return the forms that registry was sent, at addresses with this ending."""
    asked = [request for request in portal.services.asked if request.url.path.endswith(ending)]
    return [json.loads(request.content) for request in asked if request.content]


@pytest.mark.row(20)
@pytest.mark.parametrize("role", ["district_admin", "station_manager"])
async def test_others_see_a_number_and_groups_and_no_way_to_the_file(portal: Portal, role: str) -> None:
    portal.services.answer("GET registry/v1/households", {"items": [ELSE], "next_cursor": "more"})
    portal.services.answer(f"GET {PATH}", ELSE)
    portal.services.answer("GET registry/v1/accounts", {"items": []})
    browser = await portal.logged_in(role)
    listed = (await browser.get("/staff/households")).text
    assert "12 号" in listed
    assert "青少年 2 人" in listed
    assert "cursor=more" in listed
    page = (await browser.get(f"/staff/households/{ID}")).text
    assert "/reveal" not in page
    assert "两劳" not in listed + page
    assert (await browser.post(f"/staff/households/{ID}/reveal", data={"reason": "visit"})).status_code == 403
    await browser.aclose()


@pytest.mark.row(20)
async def test_a_case_worker_reads_the_file_for_a_reason_and_changes_it_by_the_same_page(portal: Portal) -> None:
    portal.services.answer(f"GET {PATH}", HOUSEHOLD)
    portal.services.answer(f"POST {PATH}/reveal", FILE)
    portal.services.answer(f"PUT {PATH}", {"id": ID})
    browser = await portal.logged_in("case_worker")
    assert "陈小雨" not in (await browser.get(f"/staff/households/{ID}")).text
    page = await browser.post(f"/staff/households/{ID}/reveal", data={"reason": "emergency"})
    assert page.headers["cache-control"] == "no-store"
    for shown in ("陈小雨", "两劳人员子女", "长安路 8 号", "都好", 'value="3"'):
        assert shown in page.text
    assert sent(portal, "/reveal") == [{"reason": "emergency"}]
    form = {
        "version": "3",
        "address": "长安路 9 号",
        "person_name": ["陈小雨", ""],
        "person_category": ["youth", ""],
        "person_phone": ["", ""],
        "person_note": ["", ""],
    }
    done = await browser.post(f"/staff/households/{ID}/change", data=form)
    assert done.headers["location"] == f"/staff/households/{ID}?done=changed"
    [body] = sent(portal, f"/households/{ID}")
    assert (body["version"], body["address"], len(body["people"])) == (3, "长安路 9 号", 1)
    await browser.aclose()


async def test_every_fault_of_a_new_household_stands_at_its_field_and_what_was_typed_is_kept(portal: Portal) -> None:
    station = {
        "id": WORKER,
        "code": "510115-STA-01",
        "name": "柳城社区志愿服务站",
        "division_code": "",
        "closed_on": None,
    }
    portal.services.answer("GET registry/v1/stations", {"items": [station], "next_cursor": None})
    portal.services.answer("GET registry/v1/me", {"roles": ["case_worker"], "units": [WORKER]})
    portal.services.refuse("POST registry/v1/households", 422, "missing", "people.0.category")
    browser = await portal.logged_in("case_worker")
    assert "柳城社区志愿服务站" in (await browser.get("/staff/households/new")).text
    form = {
        "station": station["code"],
        "person_name": "陈小雨",
        "person_category": "",
        "person_phone": "",
        "person_note": "",
    }
    page = await browser.post("/staff/households/new", data=form)
    assert page.status_code == 422
    assert 'href="#people.0.category"' in page.text
    assert 'id="people.0.category-fault"' in page.text
    assert 'value="陈小雨"' in page.text
    portal.services.answer("POST registry/v1/households", {"id": ID}, 201)
    done = await browser.post("/staff/households/new", data=form | {"key": "once"})
    assert done.headers["location"] == f"/staff/households/{ID}?done=opened"
    assert portal.services.asked[-1].headers["idempotency-key"] == "once"
    await browser.aclose()


@pytest.mark.row(20)
async def test_the_office_assigns_a_case_worker_of_the_station(portal: Portal) -> None:
    here = {"id": WORKER, "user_name": "case.worker", "units": ["510115-STA-01"], "locked": False}
    elsewhere = here | {"id": str(new_id()), "user_name": "case.elsewhere", "units": ["510115-STA-02"]}
    portal.services.answer(f"GET {PATH}", ELSE)
    portal.services.answer("GET registry/v1/accounts", {"items": [here, elsewhere]})
    portal.services.answer(f"POST {PATH}/assignments", None, 204)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/households/{ID}")).text
    assert "case.worker" in page
    assert "case.elsewhere" not in page
    done = await browser.post(f"/staff/households/{ID}/assignments", data={"account_id": WORKER})
    assert done.headers["location"].endswith("?done=assigned")
    portal.services.refuse(f"POST {PATH}/assignments", 403, "step_up")
    again = await browser.post(f"/staff/households/{ID}/assignments", data={"account_id": WORKER})
    assert again.headers["location"].startswith("/step-up")
    await browser.aclose()


async def test_a_visit_is_noted_and_what_is_wrong_with_it_said(portal: Portal) -> None:
    page = f"/staff/households/{ID}/pairings/{PAIRING}"
    portal.services.answer(f"GET {PATH}", HOUSEHOLD)
    portal.services.answer(f"GET registry/v1/pairings/{PAIRING}/visits", {"items": [], "next_cursor": None})
    portal.services.refuse(f"POST registry/v1/pairings/{PAIRING}/visits", 422, "in_future", "visited_on")
    browser = await portal.logged_in("case_worker")
    assert "该探访了" in (await browser.get(page)).text
    refused = await browser.post(f"{page}/visits", data={"visited_on": "2126-01-01", "minutes": "60", "note": "都好"})
    assert refused.status_code == 422
    assert 'id="visited_on-fault"' in refused.text
    assert "都好" in refused.text
    portal.services.answer(f"POST registry/v1/pairings/{PAIRING}/visits", {"id": ID}, 201)
    done = await browser.post(f"{page}/visits", data={"visited_on": "2020-01-20", "minutes": "60"})
    assert done.headers["location"] == f"{page}?done=noted"
    await browser.aclose()


async def test_a_volunteer_sees_when_the_next_visit_is_due(portal: Portal) -> None:
    own = {name: PAIRED[name] for name in ("rhythm", "starts_on", "ends_on", "ended_on", "visits", "next_visit_on")}
    portal.services.answer("GET registry/v1/me/pairings", [own | {"station_name": "柳城社区志愿服务站", "minutes": 90}])
    browser = await portal.logged_in("volunteer")
    page = (await browser.get("/me/pairings")).text
    assert "柳城社区志愿服务站" in page
    assert "该探访了" in page
    portal.services.answer("GET registry/v1/me/pairings", [])
    assert "还没有结对" in (await browser.get("/me/pairings")).text
    await browser.aclose()
