"""Page D4: the tree of a district, and what an office, a station's manager and a guiding body do there (row 9)."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

TEAM_ID, STATION_ID, ORGANISATION_ID, FORMATION_ID, STAFF_ID = (str(new_id()) for _ in range(5))
COUNTS = {"total": 84, "community": 58, "professional": 20, "unclassified": 6, "heads": 6, "members": 27_000}
LINE: dict[str, Any] = {"teams": 6, "members": 1_200, "staff": 2}
STATION = LINE | {"id": STATION_ID, "code": "510115-STA-01", "name": "新华社区志愿服务站", "level": "station"}
STATION_PAGE = STATION | {
    "division": "柳城街道 新华社区",
    "opened_on": "2024-04-07",
    "closed_on": None,
    "operators": [],
    "counts": COUNTS,
}
TOWNSHIP = LINE | {"code": "510115001", "name": "柳城街道", "communities": 12, "with_station": 1, "stations": 1}
TREE = {
    "organisations": 7,
    "stations": 11,
    "staff": 3,
    "volunteers": 27_300,
    "without_team": 300,
    "teams": COUNTS,
    "centres": [STATION | {"name": "温江区志愿服务中心", "level": "centre"}],
    "townships": [TOWNSHIP],
}
ORGANISATION = LINE | {
    "id": ORGANISATION_ID,
    "code": "510115-ORG-01",
    "name": "西南财经大学青年志愿者协会",
    "kind": "university_association",
    "guiding_body": "西南财经大学团委",
    "volunteers": 4_000,
}
TEAM_LINE: dict[str, Any] = {
    "id": TEAM_ID,
    "code": "510115-TEAM-007",
    "name": "新华社区第1服务队",
    "kind": "community",
    "is_head": False,
    "organisation": "温江区志愿者协会",
    "station": "新华社区志愿服务站",
    "focus_service": "law",
    "members": 200,
    "closed_on": None,
}
TEAM = TEAM_LINE | {
    "organisation_id": ORGANISATION_ID,
    "organisation_code": "510115-ORG-07",
    "station_id": STATION_ID,
    "station_code": "510115-STA-01",
    "merged_into_id": None,
    "merged_into": None,
    "leaders": 1,
    "merged": [],
    "followers_to_come": 0,
}
FORMATION = {
    "id": FORMATION_ID,
    "name": "法律咨询队",
    "kind": "professional",
    "organisation": "温江区志愿者协会",
    "station": None,
    "focus_service": "law",
    "purpose": "没有人接法律咨询",
    "state": "asked",
    "asked_at": "2026-03-01T10:00:00+08:00",
    "reason": "",
    "team_id": None,
    "own": False,
    "answerable": True,
}
STAFF: dict[str, Any] = {
    "id": STAFF_ID,
    "name": "李**",
    "employment": "full_time",
    "source": "western_plan",
    "since": "2026-03-01",
    "until": None,
}


def page_of(*items: object) -> dict[str, object]:
    return {"items": list(items), "next_cursor": None}


def sent(portal: Portal, path: str) -> list[Any]:
    """Return the bodies that a route was sent."""
    return [json.loads(one.content) for one in portal.services.asked if one.url.path == path and one.method != "GET"]


@pytest.fixture(autouse=True)
def registry(portal: Portal) -> None:
    for path, body in {
        "network": TREE,
        "network/divisions/510115001": {
            "code": "510115001",
            "name": "柳城街道",
            "stations": [],
            "communities": [
                {"code": "510115001040", "name": "新华社区", "stations": [STATION]},
                {"code": "510115001041", "name": "大学城社区", "stations": []},
            ],
        },
        f"network/stations/{STATION_ID}": STATION_PAGE,
        f"stations/{STATION_ID}/staff": page_of(STAFF),
        "network/organisations": page_of(ORGANISATION),
        "network/teams": page_of(TEAM_LINE),
        f"network/teams/{TEAM_ID}": TEAM,
        "team-formations": page_of(FORMATION),
        "organisations": page_of({"id": ORGANISATION_ID, "code": "510115-ORG-07", "name": "温江区志愿者协会"}),
        "stations": page_of({"id": STATION_ID, "code": "510115-STA-01", "name": "新华社区志愿服务站"}),
        "guiding-bodies": page_of(),
    }.items():
        portal.services.answer(f"GET registry/v1/{path}", body)


@pytest.mark.row(9)
@pytest.mark.row(10)
async def test_the_tree_leads_from_the_district_to_a_station_s_teams_and_staff(portal: Portal) -> None:
    browser = await portal.logged_in("team_leader")
    start = (await browser.get("/staff/network")).text
    for told in ("27,300", "84", "其中总队 6 支", "柳城街道", "12 个社区，1 个有站点", "工作人员 3 人，不算在志愿者里"):
        assert told in start
    assert "/staff/network/divisions/510115001" in start
    township = (await browser.get("/staff/network/divisions/510115001")).text
    assert f"/staff/network/stations/{STATION_ID}" in township
    assert "大学城社区" in township
    station = (await browser.get(f"/staff/network/stations/{STATION_ID}")).text
    assert TEAM_LINE["name"] in station
    assert STAFF["name"] not in station  # a leader is not the station's manager
    await browser.aclose()


async def test_a_team_is_renamed_moved_merged_and_closed_by_the_office_alone(portal: Portal) -> None:
    path = f"/staff/network/teams/{TEAM_ID}"
    leader = await portal.logged_in("team_leader")
    assert f"{path}/merging" not in (await leader.get(path)).text
    assert (await leader.post(f"{path}/merging", data={"into": "x"})).status_code == 403
    await leader.aclose()
    office = await portal.logged_in("district_admin")
    for change, form in {
        "name": {"name": "新华爱心助教队"},
        "place": {"organisation_code": "510115-ORG-07", "station_code": ""},
        "merging": {"into": "510115-TEAM-008"},
        "closing": {},
    }.items():
        method = "PUT" if change in ("name", "place") else "POST"
        portal.services.answer(f"{method} registry/v1/teams/{TEAM_ID}/{change}", {"id": TEAM_ID})
        done = await office.post(f"{path}/{change}", data={**form, "key": "once"})
        assert done.headers["location"] == f"{path}?done={change}"
        assert sent(portal, f"/v1/teams/{TEAM_ID}/{change}") == [form]
        assert 'role="status"' in (await office.get(done.headers["location"])).text
    portal.services.refuse(f"POST registry/v1/teams/{TEAM_ID}/merging", 422, "unknown_reference", "into")
    wrong = await office.post(f"{path}/merging", data={"into": "nowhere"})
    assert wrong.status_code == 422
    assert 'href="#into"' in wrong.text
    assert 'value="nowhere"' in wrong.text
    await office.aclose()


async def test_what_became_of_a_merged_team_is_said_and_nothing_can_be_done_about_it(portal: Portal) -> None:
    ended = {"closed_on": "2026-03-01", "merged_into_id": str(new_id()), "merged_into": "第2服务队", "members": 0}
    portal.services.answer(f"GET registry/v1/network/teams/{TEAM_ID}", TEAM | ended | {"followers_to_come": 3})
    office = await portal.logged_in("district_admin")
    page = (await office.get(f"/staff/network/teams/{TEAM_ID}")).text
    assert "第2服务队" in page
    assert "还有 3 名队员正在转出" in page
    assert "/merging" not in page
    await office.aclose()


@pytest.mark.row(9)
async def test_a_guiding_body_s_officer_comes_to_its_organisations_and_answers_requests(portal: Portal) -> None:
    guide = await portal.logged_in("guide")
    page = (await guide.get("/staff/network")).text
    assert "西南财经大学团委指导" in page
    assert 'href="/staff/volunteers"' not in page
    assert (await guide.get("/staff/volunteers")).status_code == 403
    listed = (await guide.get("/staff/network/formations")).text
    assert "没有人接法律咨询" in listed
    answer = f"/v1/team-formations/{FORMATION_ID}/answer"
    portal.services.refuse(f"POST registry{answer}", 422, "missing", "reason")
    without = await guide.post(f"/staff/network/formations/{FORMATION_ID}/refuse", data={"reason": ""})
    assert (without.status_code, "没有成功" in without.text) == (422, True)
    portal.services.answer(f"POST registry{answer}", {"id": FORMATION_ID})
    done = await guide.post(f"/staff/network/formations/{FORMATION_ID}/approve", data={"key": "once"})
    assert done.headers["location"] == "/staff/network/formations?done=approve"
    assert sent(portal, answer)[-1] == {"approved": True, "reason": ""}
    await guide.aclose()


async def test_a_leader_asks_for_a_team_and_every_fault_is_named_by_field(portal: Portal) -> None:
    leader = await portal.logged_in("team_leader")
    assert 'name="purpose"' in (await leader.get("/staff/network/formations/new")).text
    portal.services.refuse("POST registry/v1/team-formations", 403, "forbidden", "station_code")
    wrong = await leader.post("/staff/network/formations/new", data={"name": "法律咨询队", "kind": "professional"})
    assert wrong.status_code == 403
    assert 'href="#station_code"' in wrong.text
    assert "法律咨询队" in wrong.text
    portal.services.answer("POST registry/v1/team-formations", {"id": FORMATION_ID}, 201)
    done = await leader.post("/staff/network/formations/new", data={"name": "法律咨询队", "key": "once"})
    assert done.headers["location"] == "/staff/network/formations?done=asked"
    await leader.aclose()


@pytest.mark.row(9)
async def test_a_manager_enters_the_staff_of_the_station_and_their_last_day(portal: Portal) -> None:
    path = f"/staff/network/stations/{STATION_ID}"
    manager = await portal.logged_in("station_manager")
    page = (await manager.get(path)).text
    assert "李**" in page
    assert "西部计划" in page
    person = {"name": "王强", "employment": "part_time", "source": "village_graduate", "since": "2026-05-01"}
    portal.services.answer(f"POST registry/v1/stations/{STATION_ID}/staff", {"id": STAFF_ID}, 201)
    done = await manager.post(f"{path}/staff", data={**person, "key": "once"})
    assert (done.headers["location"], sent(portal, f"/v1/stations/{STATION_ID}/staff")) == (
        f"{path}?done=staff",
        [person],
    )
    portal.services.refuse(f"POST registry/v1/stations/{STATION_ID}/staff", 422, "in_future", "since")
    wrong = await manager.post(f"{path}/staff", data=person | {"since": "2999-01-01"})
    assert (wrong.status_code, 'href="#since"' in wrong.text) == (422, True)
    portal.services.answer(f"POST registry/v1/station-staff/{STAFF_ID}/ending", {"id": STAFF_ID})
    ended = await manager.post(f"{path}/staff/{STAFF_ID}/ending", data={"key": "once"})
    assert ended.headers["location"] == f"{path}?done=ended"
    await manager.aclose()


@pytest.mark.row(9)
async def test_a_name_of_the_staff_is_shown_in_clear_for_a_reason_alone(portal: Portal) -> None:
    path = f"/staff/network/stations/{STATION_ID}"
    manager = await portal.logged_in("station_manager")
    assert f"?show={STAFF_ID}#s-{STAFF_ID}" in (await manager.get(path)).text
    asked = (await manager.get(f"{path}?show={STAFF_ID}")).text
    assert (f'action="{path}/staff/{STAFF_ID}/reveal"' in asked, "李**" in asked) == (True, True)
    where = f"registry/v1/station-staff/{STAFF_ID}/reveal"
    portal.services.refuse(f"POST {where}", 422, "required", "reason")
    without = await manager.post(f"{path}/staff/{STAFF_ID}/reveal", data={"reason": " "})
    assert (without.status_code, 'href="#reason"' in without.text, "李**" in without.text) == (422, True, True)
    portal.services.answer(f"POST {where}", {"id": STAFF_ID, "name": "李文静"})
    shown = await manager.post(f"{path}/staff/{STAFF_ID}/reveal", data={"reason": "安排值班"})
    assert ("李文静" in shown.text, "离开这一页就不再显示" in shown.text) == (True, True)
    assert sent(portal, f"/v1/station-staff/{STAFF_ID}/reveal")[-1] == {"reason": "安排值班"}
    await manager.aclose()


@pytest.mark.row(9)
async def test_the_office_says_who_guides_an_organisation_and_who_runs_the_centre(portal: Portal) -> None:
    seat = {"host_unit": "西南财经大学", "parent_code": "", "guiding_body_code": "510115-LEAGUE"}
    whole = {"guiding_body_code": None, "host_unit": None, "parent": None, "parent_code": None, "closed_on": None}
    where = f"GET registry/v1/network/organisations/{ORGANISATION_ID}"
    portal.services.answer(where, ORGANISATION | whole | {"counts": COUNTS})
    portal.services.answer(f"PUT registry/v1/organisations/{ORGANISATION_ID}/seat", {"id": ORGANISATION_ID})
    office = await portal.logged_in("district_admin")
    path = f"/staff/network/organisations/{ORGANISATION_ID}"
    assert f"{path}/seat" in (await office.get(path)).text
    assert (await office.post(f"{path}/seat", data={**seat, "key": "once"})).headers["location"] == f"{path}?done=seat"
    assert sent(portal, f"/v1/organisations/{ORGANISATION_ID}/seat") == [seat]
    portal.services.answer("POST registry/v1/guiding-bodies", {"id": str(new_id())}, 201)
    body = {"code": "510115-LEAGUE", "name": "共青团温江区委"}
    made = await office.post("/staff/network/guiding-bodies/new", data={**body, "key": "once"})
    assert made.headers["location"] == "/staff/network/organisations?done=body"
    portal.services.answer(f"GET registry/v1/network/stations/{STATION_ID}", STATION_PAGE | {"level": "centre"})
    portal.services.answer(f"PUT registry/v1/stations/{STATION_ID}/operators", {"id": STATION_ID})
    path = f"/staff/network/stations/{STATION_ID}"
    assert 'name="operators"' in (await office.get(path)).text
    await office.post(f"{path}/operators", data={"operators": "共青团温江区委\r\n\r\n温江区教育局\r\n", "key": "once"})
    assert sent(portal, f"/v1/stations/{STATION_ID}/operators") == [{"operators": ["共青团温江区委", "温江区教育局"]}]
    await office.aclose()


async def test_where_registry_is_away_or_nothing_is_there_the_pages_say_so(portal: Portal) -> None:
    office = await portal.logged_in("district_admin")
    portal.services.answer("GET registry/v1/network/teams", page_of())
    assert "没有找到" in (await office.get("/staff/network/teams?query=none")).text
    portal.services.answer("GET registry/v1/network/teams", page_of(TEAM_LINE | {"closed_on": "2026-03-01"}))
    assert "已结束" in (await office.get("/staff/network/teams?closed=1")).text
    portal.services.answer("GET registry/v1/team-formations", page_of())
    assert "没有申请" in (await office.get("/staff/network/formations")).text
    del portal.services.answers["GET registry/v1/network"]
    assert "暂时取不到" in (await office.get("/staff/network")).text
    await office.aclose()
