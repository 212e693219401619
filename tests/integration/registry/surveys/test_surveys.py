"""Line 13 of domain.md, section 1: a campaign in the district's communities, what they answer, and what was found."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.registry.conftest import Registry
from tests.support.eventually import eventually

DISTRICT, OTHER = "510115", "510117"
PASSWORD = "a password of some length"
TODAY = district_day(now())
THEMES = ["elderly", "tutoring", "health"]
SURVEY: dict[str, Any] = {
    "title": "社区需求调查",
    "starts_on": str(TODAY),
    "ends_on": str(TODAY + timedelta(days=14)),
    "themes": THEMES,
}


@dataclass
class People:
    """The office, and the manager of one station; the community that the station is in, and another one."""

    office: dict[str, str]
    manager: dict[str, str]
    own: str
    other: str


@pytest.fixture(scope="module")
async def people(registry: Registry) -> People:
    await registry.open(OTHER, reference=False)
    account = {
        "user_name": "manager.of.one",
        "password": PASSWORD,
        "roles": ["station_manager"],
        "units": [f"{DISTRICT}-STA-01"],
    }
    opened = await registry.http.post("/v1/accounts", json=account, headers=registry.admins[DISTRICT])
    assert opened.status_code == 201, opened.text
    [station] = await registry.rows(f"SELECT division_code FROM station WHERE code = '{DISTRICT}-STA-01'")
    [elsewhere] = await registry.rows(
        "SELECT code FROM division WHERE district = :district AND level = 'community' AND code <> :own LIMIT 1",
        district=DISTRICT,
        own=station.division_code,
    )
    manager = await registry.log_in("manager.of.one", PASSWORD)
    return People(registry.admins[DISTRICT], manager, station.division_code, elsewhere.code)


async def post(
    registry: Registry, who: dict[str, str], path: str, body: object, key: str | None = None
) -> tuple[int, Any]:
    answer = await registry.http.post(path, json=body, headers={**who, "Idempotency-Key": key or str(uuid4())})
    return answer.status_code, answer.json()


async def make(registry: Registry, people: People, **changes: Any) -> str:
    status, made = await post(registry, people.office, "/v1/need-surveys", SURVEY | changes)
    assert status == 201, made
    survey_id: str = made["id"]
    return survey_id


async def enter(registry: Registry, who: dict[str, str], survey: str, **sheet: Any) -> tuple[int, Any]:
    return await post(registry, who, f"/v1/need-surveys/{survey}/answers", sheet)


async def say(registry: Registry, survey: str, community: str, *themes: str, key: str | None = None) -> tuple[int, Any]:
    body = {"district": DISTRICT, "community": community, "themes": list(themes)}
    return await post(registry, {}, f"/v1/public/need-surveys/{survey}/answers", body, key)


async def show(registry: Registry, who: dict[str, str], survey: str) -> Any:
    shown = await registry.http.get(f"/v1/need-surveys/{survey}", headers=who)
    assert shown.status_code == 200, shown.text
    return shown.json()


async def told(registry: Registry, survey: str) -> list[tuple[str, dict[str, Any]]]:
    rows = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name, data FROM event_log WHERE aggregate_id = CAST(:id AS uuid) "
        "ORDER BY position",
        id=survey,
    )
    return [(row.name, row.data) for row in rows]


async def its_days_are_over(registry: Registry, survey: str) -> None:
    """Let a survey's days pass, and wait until what the end of the last one brings is done."""
    past = {"id": survey, "starts_on": TODAY - timedelta(days=15), "ends_on": TODAY - timedelta(days=1)}
    async with registry.worker.transaction() as tx:
        await tx.execute(text("UPDATE need_survey SET starts_on = :starts_on, ends_on = :ends_on WHERE id = :id"), past)
        await tx.execute(
            text("UPDATE work SET due_at = clock_timestamp() WHERE payload ->> 'survey_id' = :id"), {"id": survey}
        )

    async def is_closed() -> bool:
        return bool(await registry.rows("SELECT 1 FROM need_survey WHERE id = :id AND state = 'closed'", id=survey))

    assert await eventually(is_closed)


async def is_open(registry: Registry, survey: str) -> None:
    async def opened() -> bool:
        return bool(await registry.rows("SELECT 1 FROM need_survey WHERE id = :id AND state = 'open'", id=survey))

    assert await eventually(opened)


async def test_what_stations_and_the_public_answer_is_counted_by_community_and_theme_and_told_when_it_closes(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people)
    await is_open(registry, survey)
    status, _ = await enter(
        registry, people.manager, survey, community=people.own, answered=40, by_theme={"elderly": 20, "tutoring": 12}
    )
    assert status == 201
    assert (await say(registry, survey, people.own, "elderly", "health"))[0] == 201
    assert (await say(registry, survey, people.other, "health"))[0] == 201

    found = await show(registry, people.office, survey)
    assert found["communities"] > 2
    assert (found["with_answers"], found["answered"], found["state"]) == (2, 42, "open")
    own = next(one for one in found["found"] if one["code"] == people.own)
    assert own["answered"] == 41
    assert {one["theme"]: (one["people"], one["per_cent"]) for one in own["themes"]} == {
        "elderly": (21, 51),
        "tutoring": (12, 29),
        "health": (1, 2),
    }
    assert {one["theme"]: one["people"] for one in found["themes"]} == {"elderly": 21, "tutoring": 12, "health": 2}

    await its_days_are_over(registry, survey)
    (opened, first), (closed, last) = await told(registry, survey)
    assert (opened, closed) == ("NeedSurveyOpened", "NeedSurveyClosed")
    assert people.own in first["communities"]
    assert (first["answered"], first["by_theme"]) == ({}, {})
    assert last["answered"] == {people.own: 41, people.other: 1}
    assert last["by_theme"] == {
        people.own: {"elderly": 21, "tutoring": 12, "health": 1},
        people.other: {"health": 1},
    }
    assert (await say(registry, survey, people.own, "health"))[1]["faults"][0]["code"] == "too_late"
    assert (await enter(registry, people.office, survey, community=people.own))[1]["faults"][0]["code"] == "too_late"
    listed = (await registry.http.get("/v1/need-surveys", headers=people.manager)).json()["items"]
    assert next(one for one in listed if one["id"] == survey)["state"] == "closed"


async def test_a_second_press_of_the_button_is_the_same_answer(registry: Registry, people: People) -> None:
    survey = await make(registry, people)
    first = await say(registry, survey, people.own, "health", key="of this form")
    assert first == await say(registry, survey, people.own, "health", key="of this form")
    assert (await show(registry, people.office, survey))["answered"] == 1
    sheet = {"community": people.own, "answered": 3, "by_theme": {"health": 3}}
    path = f"/v1/need-surveys/{survey}/answers"
    again = [await post(registry, people.manager, path, sheet, key="of that form") for _ in range(2)]
    assert again[0] == again[1]
    assert (await show(registry, people.office, survey))["answered"] == 4


async def test_of_who_answers_in_public_nothing_is_kept(registry: Registry, people: People) -> None:
    survey = await make(registry, people)
    assert (await say(registry, survey, people.own, "health"))[0] == 201
    [row] = await registry.rows("SELECT * FROM need_answer WHERE survey_id = :id", id=survey)
    assert (row.entered_by, row.sheet_no, row.source) == (None, None, "public")


async def test_a_manager_enters_and_sees_the_communities_of_their_stations_alone(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people)
    status, refused = await enter(registry, people.manager, survey, community=people.other, answered=1)
    assert (status, refused["faults"][0]["field"], refused["faults"][0]["code"]) == (404, "community", "not_found")
    assert [one["code"] for one in (await show(registry, people.manager, survey))["found"]] == [people.own]
    assert (await post(registry, people.manager, "/v1/need-surveys", SURVEY))[0] == 403
    assert (await enter(registry, people.office, survey, community=people.other, answered=1))[0] == 201


async def test_an_answer_that_cannot_be_is_refused_with_every_fault(registry: Registry, people: People) -> None:
    survey = await make(registry, people, asked_in=[people.own], themes=["health"])
    status, refused = await enter(
        registry, people.office, survey, community=people.other, answered=2, by_theme={"health": 3}
    )
    assert status == 422
    assert {(one["field"], one["code"]) for one in refused["faults"]} == {
        ("community", "unknown_reference"),
        ("by_theme", "out_of_range"),
    }
    status, refused = await say(registry, survey, people.own, "elderly")
    assert (status, refused["faults"][0]["field"], refused["faults"][0]["code"]) == (422, "themes", "unknown_value")
    assert (await say(registry, survey, people.own))[1]["faults"][0]["code"] == "missing"
    assert (await say(registry, str(uuid4()), people.own, "health"))[0] == 404


async def test_a_survey_that_cannot_be_is_refused_with_every_fault(registry: Registry, people: People) -> None:
    wrong = {"title": " ", "starts_on": str(TODAY - timedelta(days=1)), "themes": [], "asked_in": ["510115999999"]}
    status, refused = await post(registry, people.office, "/v1/need-surveys", SURVEY | wrong)
    assert status == 422
    assert {(one["field"], one["code"]) for one in refused["faults"]} == {
        ("title", "missing"),
        ("starts_on", "in_past"),
        ("themes", "missing"),
        ("asked_in", "unknown_reference"),
    }


async def test_everybody_sees_what_may_be_answered_today_and_other_districts_see_none_of_it(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people, title="今天的调查", asked_in=[people.own])
    later = await make(registry, people, starts_on=str(TODAY + timedelta(days=3)))
    shown = await registry.http.get(f"/v1/public/need-surveys?district={DISTRICT}")
    found = {one["id"]: one for one in shown.json()["items"]}
    assert (list(found[survey]["communities"]), found[survey]["themes"]) == ([people.own], THEMES)
    assert later not in found
    assert (await say(registry, later, people.own, "health"))[1]["faults"][0]["code"] == "too_early"
    elsewhere = await registry.http.get(f"/v1/public/need-surveys?district={OTHER}")
    assert elsewhere.json()["items"] == []
    assert (await registry.http.get(f"/v1/need-surveys/{survey}", headers=registry.admins[OTHER])).status_code == 404


async def test_a_file_of_sheets_is_taken_in_line_by_line_and_a_second_time_changes_nothing(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people)
    number = (await show(registry, people.office, survey))["number"]
    later = await make(registry, people, starts_on=str(TODAY + timedelta(days=3)))
    not_open = (await show(registry, people.office, later))["number"]
    file = "\n".join(
        [
            "调查编号,答卷编号,社区代码,人数,需求",
            f"{number},A-1,{people.own},40,为老服务:20;tutoring:12",
            f"{number},A-2,{people.other},,health:1",
            f"{number},A-2,{people.other},,health:1",
            f"{number},A-3,{people.own},2,health:3",
            f"{number},A-4,{people.own},2,law:1",
            f"{number},A-5,510115999999,1,health:1",
            f"{not_open},A-6,{people.own},1,health:1",
            f"999,A-7,{people.own},1,health:1",
            f",A-8,{people.own},1,health:1",
        ]
    ).encode()
    done = await registry.take_in(DISTRICT, "need-answers", file)
    taken = done["accepted"] + done["normalised"]
    assert (done["state"], taken, done["rejected"]) == ("completed", 2, 7), done
    why = {line["line"]: (line["field"], line["code"]) for line in await registry.report(DISTRICT, done["location"])}
    assert [why[str(line)] for line in range(4, 11)] == [
        ("sheet_no", "duplicate_in_file"),
        ("by_theme", "out_of_range"),
        ("by_theme", "unknown_value"),
        ("community", "unknown_reference"),
        ("survey_no", "too_early"),
        ("survey_no", "unknown_reference"),
        ("survey_no", "missing"),
    ]
    found = await show(registry, people.office, survey)
    assert {one["theme"]: one["people"] for one in found["themes"]} == {"elderly": 20, "tutoring": 12, "health": 1}
    again = await registry.take_in(DISTRICT, "need-answers", file)
    assert (again["accepted"] + again["normalised"], again["unchanged"]) == (0, 2)
    corrected = f"调查编号,答卷编号,社区代码,人数,需求\n{number},A-1,{people.own},40,elderly:21".encode()
    assert (await registry.take_in(DISTRICT, "need-answers", corrected))["changed"] == 1
    found = await show(registry, people.office, survey)
    assert (found["answered"], {one["theme"]: one["people"] for one in found["themes"]}) == (
        41,
        {"elderly": 21, "tutoring": 0, "health": 1},
    )


async def take_back(registry: Registry, who: dict[str, str], survey: str, answer: str, **said: str) -> tuple[int, Any]:
    return await post(registry, who, f"/v1/need-surveys/{survey}/answers/{answer}/taking-back", said)


async def sheets_of(registry: Registry, who: dict[str, str], survey: str) -> list[dict[str, Any]]:
    shown = await registry.http.get(f"/v1/need-surveys/{survey}/sheets", headers=who)
    assert shown.status_code == 200, shown.text
    items: list[dict[str, Any]] = shown.json()["items"]
    return items


async def test_the_centre_ends_a_survey_early_and_what_was_found_until_then_is_told(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people)
    await is_open(registry, survey)
    assert (await say(registry, survey, people.own, "health"))[0] == 201
    assert (await post(registry, people.manager, f"/v1/need-surveys/{survey}/ending", {}))[0] == 403
    assert (await post(registry, people.office, f"/v1/need-surveys/{survey}/ending", {}))[0] == 200
    _, (closed, last) = await told(registry, survey)
    assert (closed, last["ends_on"], last["answered"]) == ("NeedSurveyClosed", str(TODAY), {people.own: 1})
    assert (await say(registry, survey, people.own, "health"))[1]["faults"][0]["code"] == "too_late"
    status, refused = await post(registry, people.office, f"/v1/need-surveys/{survey}/ending", {})
    assert (status, refused["faults"][0]["code"]) == (409, "not_open")
    await its_days_are_over(registry, survey)
    assert len(await told(registry, survey)) == 2


async def test_a_survey_that_has_not_begun_is_called_off_and_nobody_hears_of_it(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people, starts_on=str(TODAY + timedelta(days=3)))
    assert (await post(registry, people.office, f"/v1/need-surveys/{survey}/ending", {}))[0] == 200
    assert (await show(registry, people.office, survey))["state"] == "closed"
    await its_days_are_over(registry, survey)
    assert await told(registry, survey) == []


async def test_a_sheet_entered_by_mistake_is_taken_back_and_the_figures_follow_while_the_survey_is_open(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people)
    await is_open(registry, survey)
    sheet = {"community": people.own, "answered": 40, "by_theme": {"elderly": 20}}
    entered = [(await enter(registry, people.manager, survey, **sheet))[1]["id"] for _ in range(2)]
    status, refused = await take_back(registry, people.manager, survey, entered[0], reason=" ")
    assert (status, refused["faults"][0]["field"], refused["faults"][0]["code"]) == (422, "reason", "missing")
    assert (await take_back(registry, people.manager, survey, entered[0], reason="填报了两次"))[0] == 200

    found = await show(registry, people.office, survey)
    assert (found["answered"], found["themes"][0]["people"]) == (40, 20)
    shown = {one["id"]: one for one in await sheets_of(registry, people.manager, survey)}
    assert shown[entered[0]]["reason"] == "填报了两次"
    assert shown[entered[1]]["taken_back_at"] is None
    _, (name, said) = await told(registry, survey)
    assert (name, said["answer_id"], said["people"], said["needed"]) == (
        "NeedAnswerTakenBack",
        entered[0],
        40,
        {"elderly": 20},
    )
    assert (said["closed"], said["answered"], "reason" in said) == (False, {}, False)
    assert (await take_back(registry, people.office, survey, entered[0], reason="再一次"))[1]["faults"][0][
        "code"
    ] == "not_open"


async def test_a_sheet_taken_back_after_the_end_is_told_with_what_is_left_and_the_event_of_the_end_stays(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people)
    await is_open(registry, survey)
    _, wrong = await enter(registry, people.office, survey, community=people.own, answered=40, by_theme={"health": 9})
    assert (await enter(registry, people.office, survey, community=people.other, answered=2))[0] == 201
    assert (await post(registry, people.office, f"/v1/need-surveys/{survey}/ending", {}))[0] == 200
    assert (await take_back(registry, people.office, survey, wrong["id"], reason="社区填错了"))[0] == 200
    _, (_, at_the_end), (name, now_found) = await told(registry, survey)
    assert at_the_end["answered"] == {people.own: 40, people.other: 2}
    assert (name, now_found["closed"]) == ("NeedAnswerTakenBack", True)
    assert (now_found["answered"], now_found["by_theme"]) == ({people.other: 2}, {})


async def test_a_manager_takes_back_and_sees_sheets_of_their_communities_alone_and_nobody_a_resident_s_answer(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people)
    _, elsewhere = await enter(registry, people.office, survey, community=people.other, answered=1)
    _, public = await say(registry, survey, people.own, "health")
    assert await sheets_of(registry, people.manager, survey) == []
    assert [one["id"] for one in await sheets_of(registry, people.office, survey)] == [elsewhere["id"]]
    for who, answer in ((people.manager, elsewhere), (people.office, public)):
        status, refused = await take_back(registry, who, survey, answer["id"], reason="看错了")
        assert (status, refused["faults"][0]["field"], refused["faults"][0]["code"]) == (404, "answer_id", "not_found")


async def test_a_sheet_of_a_file_that_was_taken_back_does_not_come_back_with_the_file(
    registry: Registry, people: People
) -> None:
    survey = await make(registry, people)
    number = (await show(registry, people.office, survey))["number"]
    file = f"调查编号,答卷编号,社区代码,人数,需求\n{number},B-1,{people.own},40,elderly:21".encode()
    assert (await registry.take_in(DISTRICT, "need-answers", file))["accepted"] == 1
    [sheet] = await sheets_of(registry, people.office, survey)
    assert (await take_back(registry, people.office, survey, sheet["id"], reason="另一个区的问卷"))[0] == 200
    again = await registry.take_in(DISTRICT, "need-answers", file)
    [line] = await registry.report(DISTRICT, again["location"])
    assert (again["rejected"], line["field"], line["code"]) == (1, "sheet_no", "closed")
    assert (await show(registry, people.office, survey))["answered"] == 0
