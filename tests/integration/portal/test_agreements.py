"""Agreements of universities with stations as pages: entered and ended by the office, shown at both units."""

import json
from typing import Any
from uuid import UUID

from shared.store.event_log import new_id
from tests.integration.portal import test_network as network
from tests.support.portal import Portal

ID, UNIVERSITY, STATION, COMPANY = (str(new_id()) for _ in range(4))
AGREEMENT: dict[str, Any] = {
    "id": ID,
    "organisation_id": UNIVERSITY,
    "organisation_code": "510115-ORG-01",
    "organisation_name": "西南财经大学青年志愿者协会",
    "station_id": STATION,
    "station_code": "510115-STA-01",
    "station_name": "柳城社区站",
    "starts_on": "2026-03-01",
    "ends_on": "2027-02-28",
    "students": 120,
    "purpose": "每周末助学助教",
    "state": "expiring",
    "ended_on": None,
    "reason": None,
}
TYPED = {
    "organisation_id": UNIVERSITY,
    "station_id": STATION,
    "starts_on": "2026-03-01",
    "ends_on": "2027-02-28",
    "students": "120",
    "purpose": "每周末助学助教",
}


def entry(entry_id: str, name: str, kind: str = "") -> dict[str, Any]:
    return {"id": entry_id, "code": name, "name": name, "kind": kind, "closed_on": None}


def known(portal: Portal, *agreements: dict[str, Any]) -> None:
    """Have registry know two organisations, a station and these agreements."""
    organisations = [entry(UNIVERSITY, "西南财经大学青年志愿者协会", "university_association"), entry(COMPANY, "银行")]
    portal.services.answer("GET registry/v1/organisations", {"items": organisations})
    portal.services.answer("GET registry/v1/stations", {"items": [entry(STATION, "柳城社区站")]})
    portal.services.answer("GET registry/v1/guiding-bodies", {"items": []})
    portal.services.answer("GET registry/v1/agreements", {"items": list(agreements), "next_cursor": None})


def sent(portal: Portal, path: str) -> Any:
    [request] = [each for each in portal.services.asked if each.method == "POST" and each.url.path == path]
    return json.loads(request.content), request.headers.get("Idempotency-Key")


async def test_the_office_enters_an_agreement_of_a_university(portal: Portal) -> None:
    known(portal)
    portal.services.answer("POST registry/v1/agreements", {"id": ID}, 201)
    browser = await portal.logged_in("district_admin")
    assert "还没有协议" in (await browser.get("/staff/network/agreements")).text
    form = (await browser.get(f"/staff/network/agreements/new?station={STATION}")).text
    assert f'<option value="{STATION}" selected>' in form
    assert "银行" not in form
    done = await browser.post("/staff/network/agreements/new", data={**TYPED, "key": "once"})
    assert done.headers["location"] == "/staff/network/agreements?done=entered"
    assert sent(portal, "/v1/agreements") == ({**TYPED, "students": 120}, "once")
    await browser.aclose()


async def test_a_form_that_is_refused_comes_back_as_it_was_typed_with_its_faults(portal: Portal) -> None:
    known(portal)
    browser = await portal.logged_in("district_admin")
    page = await browser.post("/staff/network/agreements/new", data={**TYPED, "station_id": "", "students": "很多"})
    assert page.status_code == 422
    assert all(word in page.text for word in ('id="station_id-fault"', 'id="students-fault"', 'value="很多"'))
    portal.services.refuse("POST registry/v1/agreements", 409, "already_agreed", "starts_on")
    page = await browser.post("/staff/network/agreements/new", data=TYPED)
    assert (page.status_code, 'id="starts_on-fault"' in page.text) == (422, True)
    await browser.aclose()


async def test_one_that_is_about_to_expire_is_marked_and_ended_early_with_a_reason(portal: Portal) -> None:
    known(portal, AGREEMENT)
    path = f"/v1/agreements/{ID}/ending"
    portal.services.refuse(f"POST registry{path}", 422, "missing", "reason")
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/network/agreements")).text
    assert all(word in page for word in ("30 天内到期", "120 名学生", "每周末助学助教", "今天结束"))
    refused = await browser.post(f"/staff/network/agreements/{ID}/ending", data={"reason": ""})
    assert (refused.status_code, f'id="fault-{ID}"' in refused.text) == (422, True)
    portal.services.answer(f"POST registry{path}", {"id": ID})
    portal.services.asked.clear()
    done = await browser.post(f"/staff/network/agreements/{ID}/ending", data={"reason": "站点搬迁", "key": "once"})
    assert done.headers["location"] == "/staff/network/agreements?done=ended"
    assert sent(portal, path) == ({"reason": "站点搬迁"}, "once")
    await browser.aclose()


async def test_a_team_leader_sees_agreements_and_neither_enters_nor_ends_one(portal: Portal) -> None:
    ended = AGREEMENT | {"id": str(new_id()), "state": "ended", "ended_on": "2026-09-01", "reason": "站点搬迁"}
    known(portal, AGREEMENT, ended)
    browser = await portal.logged_in("team_leader")
    page = (await browser.get("/staff/network/agreements")).text
    assert "提前结束：站点搬迁" in page
    assert "今天结束" not in page
    assert "/staff/network/agreements/new" not in page
    assert (await browser.get("/staff/network/agreements/new")).status_code == 403
    await browser.aclose()


async def test_an_agreement_is_shown_at_both_units_and_leads_the_office_to_the_next_one(portal: Portal) -> None:
    known(portal, AGREEMENT)
    portal.services.answer(f"GET registry/v1/network/stations/{network.STATION_ID}", network.STATION_PAGE)
    organisation = network.ORGANISATION | dict.fromkeys(("guiding_body_code", "host_unit", "parent", "parent_code"))
    portal.services.answer(
        f"GET registry/v1/network/organisations/{network.ORGANISATION_ID}",
        organisation | {"closed_on": None, "counts": network.COUNTS},
    )
    portal.services.answer("GET registry/v1/network/teams", {"items": [], "next_cursor": None})
    browser = await portal.logged_in("district_admin")
    station = (await browser.get(f"/staff/network/stations/{network.STATION_ID}")).text
    assert all(word in station for word in ("西南财经大学青年志愿者协会", "每周末助学助教", "30 天内到期"))
    assert f"/staff/network/agreements/new?station={network.STATION_ID}" in station
    university = (await browser.get(f"/staff/network/organisations/{network.ORGANISATION_ID}")).text
    assert all(word in university for word in ("柳城社区站", "每周末助学助教", "30 天内到期"))
    assert f"/staff/network/agreements/new?organisation={network.ORGANISATION_ID}" in university
    asked = [one.url.params for one in portal.services.asked if one.url.path == "/v1/agreements"]
    assert [one.get("station_id") for one in asked] == [network.STATION_ID, None]
    assert [one.get("organisation_id") for one in asked] == [None, network.ORGANISATION_ID]
    await browser.aclose()


async def test_an_agreement_stands_beside_station_and_university_of_a_plan(portal: Portal) -> None:
    known(portal, AGREEMENT)
    plan = {
        "id": ID,
        "previous_id": None,
        "state": "proposed",
        "capacity_use": 100,
        "answer_by": "2027-12-15T15:59:59Z",
        "asked_at": "2026-11-15T15:59:59Z",
        "approved_at": None,
        "people": 1,
        "places": 1,
        "stations": [
            {
                "id": STATION,
                "code": "510115-STA-01",
                "name": "柳城社区站",
                "quota": 10,
                "demand": {},
                "given": {"tutoring": 1},
                "accepted": 0,
                "answers": {},
            }
        ],
        "universities": [
            {"university": "510115-ORG-01", "people": 1, "placed": 1, "mean_minutes": 5, "wanted": 1, "skilled": 0}
        ],
    }
    portal.services.answer("GET registry/v1/allocations", [plan])
    portal.services.answer(f"GET registry/v1/allocations/{UUID(ID)}", plan)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/allocations/{ID}")).text
    assert "与西南财经大学青年志愿者协会有协议：120 名学生" in page
    assert "与柳城社区站有协议：120 名学生" in page
    [asked] = [one for one in portal.services.asked if one.url.path == "/v1/agreements"]
    assert asked.url.params["in_force"] == "true"
    await browser.aclose()
