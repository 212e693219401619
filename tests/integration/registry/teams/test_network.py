"""Row 9 of domain.md, and row 10: the network of a district and what becomes of its teams."""

from typing import Any

import pytest
from httpx import Response

from shared.store.event_log import new_id
from tests.integration.registry.conftest import ADMIN_PASSWORD, Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

DISTRICT = "510115"
MEMBERS = 12
Headers = dict[str, str]


def code(kind: str, number: int) -> str:
    return f"{DISTRICT}-{kind}-{number:03}" if kind == "TEAM" else f"{DISTRICT}-{kind}-{number:02}"


@pytest.fixture(scope="module")
async def office(registry: Registry) -> Headers:
    """A district with twelve members of each of three community teams, and a manager and a leader."""
    headers = registry.admins[DISTRICT]
    lines = [
        roster_line(
            number := 100 * team + serial,
            district=DISTRICT,
            team=code("TEAM", team),
            id_number=id_number(30_000 + number),
            phone=f"172{number:08d}",
        )
        for team in (7, 8, 9)
        for serial in range(MEMBERS)
    ]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == 3 * MEMBERS
    return headers


async def staff(registry: Registry, office: Headers, role: str, unit: str) -> Headers:
    """Open an account for somebody and log in to it."""
    name = f"u{new_id().hex[-12:]}"
    body = {"user_name": name, "password": ADMIN_PASSWORD, "roles": [role], "units": [unit]}
    opened = await registry.http.post("/v1/accounts", json=body, headers=office)
    assert opened.status_code == 201, opened.text
    return await registry.log_in(name, ADMIN_PASSWORD)


async def get(registry: Registry, path: str, headers: Headers) -> Any:
    answer = await registry.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def find(registry: Registry, kind: str, wanted: str) -> dict[str, Any]:
    """Return an entry of the public lists by its code."""
    items = (await get(registry, f"/v1/{kind}?district={DISTRICT}&limit=1000", {}))["items"]
    return next(item for item in items if item["code"] == wanted)


async def team(registry: Registry, office: Headers, number: int) -> dict[str, Any]:
    """Return a team as the tree shows it."""
    entry = await find(registry, "teams", code("TEAM", number))
    shown: dict[str, Any] = await get(registry, f"/v1/network/teams/{entry['id']}", office)
    return shown


def fault(answer: Response) -> tuple[int, str, str]:
    first = answer.json()["faults"][0]
    return answer.status_code, first["field"], first["code"]


async def last_event(registry: Registry, aggregate: str) -> tuple[str, dict[str, Any]]:
    [row] = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name, data FROM event_log WHERE aggregate_id = CAST(:id AS uuid)"
        " ORDER BY aggregate_version DESC LIMIT 1",
        id=aggregate,
    )
    return row.name, row.data


@pytest.mark.row(9)
@pytest.mark.row(10)
async def test_the_tree_has_the_report_s_counts_and_every_count_sums_up(registry: Registry, office: Headers) -> None:
    tree = await get(registry, "/v1/network", office)
    teams = tree["teams"]
    assert (tree["organisations"], teams["total"], teams["heads"]) == (7, 84, 6)
    assert teams["community"] + teams["professional"] + teams["unclassified"] == teams["total"]
    assert teams["members"] + tree["without_team"] == tree["volunteers"] == 3 * MEMBERS
    assert sum(line["communities"] for line in tree["townships"]) == 95
    assert [centre["level"] for centre in tree["centres"]] == ["centre"]
    assert sum(line["stations"] for line in tree["townships"]) + len(tree["centres"]) == tree["stations"] == 11
    [busiest] = [line for line in tree["townships"] if line["code"].endswith("001")]
    township = await get(registry, f"/v1/network/divisions/{busiest['code']}", office)
    stations = [station for community in township["communities"] for station in community["stations"]]
    assert (len(township["communities"]), len(stations)) == (busiest["communities"], busiest["stations"])
    of_station = await get(registry, f"/v1/network/teams?station_id={stations[0]['id']}", office)
    assert len(of_station["items"]) == stations[0]["teams"]
    organisations = (await get(registry, "/v1/network/organisations", office))["items"]
    assert (len(organisations), sum(line["teams"] for line in organisations)) == (7, 84)
    named = await get(registry, "/v1/network/teams?query=总队&limit=4", office)
    assert [len(named["items"]), all(line["is_head"] for line in named["items"])] == [4, True]
    rest = await get(registry, f"/v1/network/teams?query=总队&limit=4&cursor={named['next_cursor']}", office)
    assert (len(rest["items"]), rest["next_cursor"]) == (2, None)


@pytest.mark.row(9)
async def test_a_guiding_body_sees_and_approves_what_its_organisations_do_and_nobody_s_data(
    registry: Registry, office: Headers
) -> None:
    guide_code = f"{DISTRICT}-LEAGUE-1"
    body = {"code": guide_code, "name": "西南财经大学团委"}
    made = await registry.http.post("/v1/guiding-bodies", json=body, headers=office)
    assert made.status_code == 201, made.text
    twice = await registry.http.post("/v1/guiding-bodies", json=body, headers=office)
    assert fault(twice) == (409, "code", "already_registered")
    organisation = await find(registry, "organisations", code("ORG", 1))
    seat = {"host_unit": "西南财经大学", "parent_code": code("ORG", 7), "guiding_body_code": guide_code}
    path = f"/v1/organisations/{organisation['id']}/seat"
    assert (await registry.http.put(path, json=seat, headers=office)).status_code == 200
    again = await registry.http.put(path, json=seat, headers=office)
    assert again.json()["version"] == organisation["version"] + 1
    told, data = await last_event(registry, organisation["id"])
    assert (told, data["host_unit"], data["parent_code"]) == ("OrganisationChanged", "西南财经大学", code("ORG", 7))
    parent = await find(registry, "organisations", code("ORG", 7))
    circle = {"parent_code": code("ORG", 1)}
    answer = await registry.http.put(f"/v1/organisations/{parent['id']}/seat", json=circle, headers=office)
    assert fault(answer) == (422, "parent_code", "unknown_reference")

    guide = await staff(registry, office, "guide", guide_code)
    seen = (await get(registry, "/v1/network/organisations", guide))["items"]
    assert [(line["code"], line["guiding_body"]) for line in seen] == [(code("ORG", 1), "西南财经大学团委")]
    teams = (await get(registry, "/v1/network/teams", guide))["items"]
    assert {line["organisation"] for line in teams} == {organisation["name"]}
    hidden = await registry.http.get(f"/v1/network/organisations/{parent['id']}", headers=guide)
    assert hidden.status_code == 404
    for path in ("/v1/volunteers", "/v1/network", "/v1/accounts"):
        assert (await registry.http.get(path, headers=guide)).status_code == 403


@pytest.mark.row(9)
async def test_a_team_is_asked_for_and_the_guiding_body_or_the_district_forms_it_or_says_why_not(
    registry: Registry, office: Headers
) -> None:
    guide = await staff(registry, office, "guide", f"{DISTRICT}-LEAGUE-1")
    leader = await staff(registry, office, "team_leader", code("TEAM", 1))
    wish = {
        "name": "法律咨询队",
        "kind": "professional",
        "organisation_code": code("ORG", 1),
        "purpose": "没有人接法律咨询",
    }
    asked = await registry.http.post("/v1/team-formations", json=wish, headers=leader)
    assert asked.status_code == 201, asked.text
    other = wish | {"name": "老年康乐队", "organisation_code": code("ORG", 2)}
    stranger = await registry.http.post("/v1/team-formations", json=other, headers=leader)
    assert fault(stranger) == (403, "organisation_code", "forbidden")
    of_other = await registry.http.post("/v1/team-formations", json=other, headers=office)
    assert of_other.status_code == 201

    [waiting] = (await get(registry, "/v1/team-formations", guide))["items"]
    assert (waiting["name"], waiting["answerable"]) == ("法律咨询队", True)
    not_theirs = f"/v1/team-formations/{of_other.json()['id']}/answer"
    assert (await registry.http.post(not_theirs, json={"approved": True}, headers=guide)).status_code == 404
    path = f"/v1/team-formations/{waiting['id']}/answer"
    without = await registry.http.post(path, json={"approved": False}, headers=guide)
    assert fault(without) == (422, "reason", "missing")
    approved = await registry.http.post(path, json={"approved": True}, headers=guide)
    assert approved.status_code == 200, approved.text
    formed = await get(registry, f"/v1/network/teams/{approved.json()['team_id']}", guide)
    assert (formed["code"], formed["kind"], formed["is_head"]) == (code("TEAM", 85), "professional", False)
    assert fault(await registry.http.post(path, json={"approved": False, "reason": "重复"}, headers=guide)) == (
        409,
        "formation_id",
        "not_open",
    )
    refused = await registry.http.post(not_theirs, json={"approved": False, "reason": "已有同类队伍"}, headers=office)
    assert refused.status_code == 200
    told, data = await last_event(registry, of_other.json()["id"])
    assert (told, data["reason"]) == ("TeamFormationRefused", "已有同类队伍")
    [own] = (await get(registry, "/v1/team-formations", leader))["items"]
    assert (own["own"], own["state"], own["answerable"]) == (True, "approved", False)


@pytest.mark.row(9)
async def test_the_centre_is_run_jointly_by_two_units_and_a_file_without_that_column_leaves_it(
    registry: Registry, office: Headers
) -> None:
    centre = await find(registry, "stations", code("STA", 0))
    path = f"/v1/stations/{centre['id']}/operators"
    alone = await registry.http.put(path, json={"operators": ["温江区教育局"]}, headers=office)
    assert fault(alone) == (422, "operators", "format")
    both = ["共青团温江区委", "温江区教育局"]
    assert (await registry.http.put(path, json={"operators": both}, headers=office)).status_code == 200
    station = await find(registry, "stations", code("STA", 1))
    of_station = await registry.http.put(
        f"/v1/stations/{station['id']}/operators", json={"operators": both}, headers=office
    )
    assert fault(of_station) == (403, "operators", "forbidden")
    line = (
        "代码,名称,级别,区划代码,经度,纬度,启用日期,志愿者名额,每周需求\n"
        f"{centre['code']},温江区志愿服务总站,centre,{DISTRICT}001,,,,0,\n"
    )
    assert (await registry.take_in(DISTRICT, "stations", line.encode()))["accepted"] == 1
    assert (await find(registry, "stations", centre["code"]))["operators"] == both
    with_column = line.replace("每周需求", "每周需求,共建单位").replace(",0,\n", ",0,,\n")
    assert (await registry.take_in(DISTRICT, "stations", with_column.encode()))["accepted"] == 1
    assert (await find(registry, "stations", centre["code"]))["operators"] == []


@pytest.mark.row(9)
@pytest.mark.usefixtures("office")
async def test_files_bring_guiding_bodies_seats_and_head_teams(registry: Registry) -> None:
    bodies = f"代码,名称\n{DISTRICT}-LEAGUE,共青团温江区委\n"
    assert (await registry.take_in(DISTRICT, "guiding_bodies", bodies.encode()))["accepted"] == 1
    lines = (
        "代码,名称,类型,经度,纬度,挂靠单位,上级代码,指导机构代码\n"
        f"{DISTRICT}-ORG-08,温江区教师志愿者协会,district_association,,,温江区教育局,{DISTRICT}-ORG-09,{DISTRICT}-LEAGUE\n"
        f"{DISTRICT}-ORG-09,温江区志愿者联合会,district_association,,,,,{DISTRICT}-LEAGUE\n"
        f"{DISTRICT}-ORG-10,无人指导协会,district_association,,,,,{DISTRICT}-NOBODY\n"
    )
    status = await registry.take_in(DISTRICT, "organisations", lines.encode())
    assert (status["accepted"], status["rejected"]) == (2, 1)
    [rejected] = [line for line in await registry.report(DISTRICT, status["location"]) if line["verdict"] == "rejected"]
    assert (rejected["field"], rejected["code"]) == ("guiding_body_code", "unknown_reference")
    entry = await find(registry, "organisations", f"{DISTRICT}-ORG-08")
    assert (entry["host_unit"], entry["parent"], entry["guiding_body"]) == (
        "温江区教育局",
        f"{DISTRICT}-ORG-09",
        f"{DISTRICT}-LEAGUE",
    )
    team_line = (
        "代码,名称,类型,组织代码,站点代码,服务方向,总队\n"
        f"{DISTRICT}-TEAM-090,教师总队,professional,{entry['code']},,law,是\n"
    )
    assert (await registry.take_in(DISTRICT, "teams", team_line.encode()))["accepted"] == 1
    assert (await find(registry, "teams", f"{DISTRICT}-TEAM-090"))["is_head"] is True


async def test_a_merged_team_s_members_and_leaders_follow_and_an_old_file_leads_to_the_new_team(
    registry: Registry, office: Headers
) -> None:
    gone, into = await team(registry, office, 7), await team(registry, office, 8)
    await staff(registry, office, "team_leader", gone["code"])
    same = await registry.http.post(f"/v1/teams/{gone['id']}/merging", json={"into": gone["code"]}, headers=office)
    assert fault(same) == (422, "into", "named_twice")
    path = f"/v1/teams/{gone['id']}/merging"
    headers = office | {"Idempotency-Key": str(new_id())}
    merged = await registry.http.post(path, json={"into": into["code"]}, headers=headers)
    assert merged.status_code == 200, merged.text
    assert (await registry.http.post(path, json={"into": into["code"]}, headers=headers)).json() == merged.json()
    assert fault(await registry.http.post(path, json={"into": into["code"]}, headers=office))[2] == "closed"

    async def all_have_followed() -> bool:
        return bool((await team(registry, office, 8))["members"] == 2 * MEMBERS)

    assert await eventually(all_have_followed)
    assert (await team(registry, office, 8))["leaders"] == 1
    shown = await team(registry, office, 7)
    assert (shown["members"], shown["merged_into"], shown["followers_to_come"]) == (0, into["name"], 0)
    told, data = await last_event(registry, gone["id"])
    assert (told, data["merged_into_id"]) == ("TeamClosed", into["id"])
    [moved] = await registry.rows(
        "SELECT count(*) AS people, count(DISTINCT aggregate_id) AS once, min(data ->> 'left_team') AS left_team,"
        " min(data ->> 'joined_team') AS joined FROM event_log"
        " WHERE type LIKE '%VolunteerProfileChanged%' AND district = :d AND data ->> 'team_id' = :team",
        d=DISTRICT,
        team=into["id"],
    )
    assert (moved.people, moved.once, moved.left_team, moved.joined) == (MEMBERS, MEMBERS, gone["name"], into["name"])
    old = [
        roster_line(
            700 + serial,
            district=DISTRICT,
            team=code("TEAM", 7),
            id_number=id_number(30_700 + serial),
            phone=f"172{700 + serial:08d}",
        )
        for serial in range(MEMBERS)
    ]
    again = await registry.take_in(DISTRICT, "roster", roster(old))
    assert (again["unchanged"], again["total"]) == (MEMBERS, MEMBERS)


async def test_a_closed_team_s_members_are_individuals_and_nobody_joins_it_any_more(
    registry: Registry, office: Headers
) -> None:
    closing = await team(registry, office, 9)
    await staff(registry, office, "team_leader", closing["code"])
    closed = await registry.http.post(f"/v1/teams/{closing['id']}/closing", json={}, headers=office)
    assert closed.status_code == 200, closed.text

    async def all_are_individuals() -> bool:
        return bool((await team(registry, office, 9))["followers_to_come"] == 0)

    assert await eventually(all_are_individuals)
    [leader] = await registry.rows(
        "SELECT data FROM event_log WHERE type LIKE '%AccountRolesChanged%' AND district = :d"
        " AND data ->> 'units' = '[]'",
        d=DISTRICT,
    )
    assert leader.data["roles"] == []
    newcomer = roster_line(
        990, district=DISTRICT, team=closing["code"], id_number=id_number(30_990), phone="17200000990"
    )
    status = await registry.take_in(DISTRICT, "roster", roster([newcomer]))
    [refused] = await registry.report(DISTRICT, status["location"])
    assert (refused["field"], refused["code"]) == ("team", "closed")


async def test_a_team_is_renamed_and_moved_and_each_is_told(registry: Registry, office: Headers) -> None:
    moved, other = await team(registry, office, 10), await team(registry, office, 11)
    path = f"/v1/teams/{moved['id']}"
    taken = await registry.http.put(f"{path}/name", json={"name": other["name"]}, headers=office)
    assert fault(taken) == (409, "name", "already_registered")
    assert fault(await registry.http.put(f"{path}/name", json={"name": ""}, headers=office)) == (422, "name", "missing")
    named = await registry.http.put(f"{path}/name", json={"name": "海科爱心助教队"}, headers=office)
    assert (named.status_code, (await last_event(registry, moved["id"]))[1]["name"]) == (200, "海科爱心助教队")
    nowhere = await registry.http.put(f"{path}/place", json={}, headers=office)
    assert fault(nowhere) == (422, "station_code", "missing")
    place = {"organisation_code": code("ORG", 7), "station_code": code("STA", 2)}
    assert (await registry.http.put(f"{path}/place", json=place, headers=office)).status_code == 200
    told, data = await last_event(registry, moved["id"])
    assert (told, data["station_id"]) == ("TeamChanged", (await find(registry, "stations", code("STA", 2)))["id"])


@pytest.mark.row(9)
async def test_staff_of_a_station_are_counted_apart_their_names_masked_and_readings_logged(
    registry: Registry, office: Headers
) -> None:
    before = await get(registry, "/v1/network", office)
    station = await find(registry, "stations", code("STA", 3))
    manager = await staff(registry, office, "station_manager", code("STA", 3))
    neighbour = await staff(registry, office, "station_manager", code("STA", 4))
    path = f"/v1/stations/{station['id']}/staff"
    person = {"name": "李文静", "employment": "full_time", "source": "western_plan", "since": "2026-03-01"}
    wrong = await registry.http.post(
        path, json={"name": "1", "employment": "x", "since": "2999-01-01"}, headers=manager
    )
    assert [(one["field"], one["code"]) for one in wrong.json()["faults"]] == [
        ("name", "not_a_name"),
        ("employment", "unknown_value"),
        ("source", "missing"),
        ("since", "in_future"),
    ]
    assert (await registry.http.post(path, json=person, headers=neighbour)).status_code == 404
    noted = await registry.http.post(path, json=person, headers=manager)
    assert noted.status_code == 201, noted.text
    part_time = {"name": "王强", "employment": "part_time", "source": "village_graduate", "since": "2026-04-01"}
    second = await registry.http.post(path, json=part_time, headers=manager)
    listed = await get(registry, path, manager)
    assert [(one["name"], one["source"]) for one in listed["items"]] == [
        ("李**", "western_plan"),
        ("王**", "village_graduate"),
    ]
    after = await get(registry, "/v1/network", office)
    assert (after["staff"], after["volunteers"]) == (before["staff"] + 2, before["volunteers"])
    ending = f"/v1/station-staff/{second.json()['id']}/ending"
    early = await registry.http.post(ending, json={"until": "2026-03-01"}, headers=manager)
    assert fault(early) == (422, "until", "end_before_start")
    assert (await registry.http.post(ending, json={"until": "2026-05-01"}, headers=manager)).status_code == 200
    first_page = await get(registry, f"{path}?limit=1", manager)
    assert [one["until"] for one in first_page["items"]] == [None]
    last_page = await get(registry, f"{path}?limit=1&cursor={first_page['next_cursor']}", manager)
    assert [one["until"] for one in last_page["items"]] == ["2026-05-01"]

    reveal = f"/v1/station-staff/{noted.json()['id']}/reveal"
    assert fault(await registry.http.post(reveal, json={"reason": ""}, headers=manager))[1] == "reason"
    shown = await registry.http.post(reveal, json={"reason": "核对考勤"}, headers=manager)
    assert shown.json()["name"] == "李文静"
    [entry] = await registry.rows(
        "SELECT reason FROM access_log WHERE action = 'station_staff_revealed' AND subject_id = CAST(:id AS uuid)",
        id=noted.json()["id"],
    )
    assert entry.reason == "核对考勤"
    [kept] = await registry.rows("SELECT count(*) AS found FROM event_log WHERE data::text LIKE '%李文静%'")
    assert kept.found == 0
