"""What a survey has found feeds the plan of activities: needs beside shifts and places, by community and theme."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.activities.needs.projections import NEED_SURVEYS
from services.activities.register.projections import STATIONS
from shared.contracts import NeedAnswerTakenBack, NeedSurveyClosed, NeedSurveyOpened, StationRegistered
from shared.contracts.actor import Role
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import new_id, now
from tests.integration.activities.conftest import DISTRICT, OTHER_DISTRICT, STATION, Activities

NORTH, SOUTH = "510115001001", "510115001002"
SURVEY: dict[str, Any] = {
    "number": 1,
    "title": "三月社区需求调查",
    "starts_on": date(2026, 3, 1),
    "ends_on": date(2026, 3, 15),
    "themes": ("elderly", "culture", "health"),
    "communities": {NORTH: "北社区", SOUTH: "南社区"},
}
FOUND: dict[str, Any] = {
    "answered": {NORTH: 40, SOUTH: 10},
    "by_theme": {NORTH: {"culture": 12, "elderly": 20}, SOUTH: {"health": 10}},
}


def received(data: Any, subject: UUID, version: int) -> Received[Any]:
    return Received(Attributes(new_id(), data.event_type(), now(), str(subject), version, DISTRICT), data)


async def hear(activities: Activities, *events: Received[Any]) -> None:
    async with activities.worker.transaction() as tx:
        await activities.service.reactions.react(tx, events)


async def survey_is_closed(activities: Activities, **changes: Any) -> UUID:
    survey_id = new_id()
    opened = NeedSurveyOpened(survey_id=survey_id, **(SURVEY | changes))
    closed = NeedSurveyClosed(survey_id=survey_id, **(SURVEY | FOUND | changes))
    await hear(activities, received(opened, survey_id, 1), received(closed, survey_id, 2))
    return survey_id


async def station_in(activities: Activities, community: str) -> None:
    station_id = new_id()
    data = StationRegistered(
        station_id=station_id, code=STATION, name="北社区站", level="station", division_code=community
    )
    async with activities.worker.transaction() as tx:
        await STATIONS.project(tx, [received(data, station_id, 1)])


async def test_what_was_found_stands_beside_what_is_planned_there(activities: Activities) -> None:
    await station_in(activities, NORTH)
    await activities.publish(capacity=15)
    far = datetime.now(UTC) + timedelta(days=200)
    late = {"starts_at": far.isoformat(), "ends_at": (far + timedelta(hours=2)).isoformat(), "capacity": 99}
    await activities.publish(shifts=[late])
    await activities.publish(capacity=7, service="health")
    survey_id = await survey_is_closed(activities)

    shown = await activities.leader.get("/v1/need-gaps")
    assert (shown["survey"]["id"], shown["survey"]["title"]) == (str(survey_id), "三月社区需求调查")
    north, south = shown["items"]
    assert (north["code"], north["name"], north["answered"]) == (NORTH, "北社区", 40)
    assert north["themes"] == [
        {"theme": "elderly", "people": 20, "per_cent": 50, "shifts": 0, "places": 0},
        {"theme": "culture", "people": 12, "per_cent": 30, "shifts": 1, "places": 15},
    ]
    assert south["themes"] == [{"theme": "health", "people": 10, "per_cent": 100, "shifts": 0, "places": 0}]


async def test_what_is_cancelled_is_planned_no_more(activities: Activities) -> None:
    await station_in(activities, NORTH)
    published = await activities.publish(capacity=15)
    await survey_is_closed(activities)
    cancelled = await activities.leader.send(
        "POST", f"/v1/activities/{published['id']}/cancel", json={"reason": "天气不好"}
    )
    assert cancelled.status_code == 204, cancelled.text
    north, _ = (await activities.leader.get("/v1/need-gaps"))["items"]
    assert [one["places"] for one in north["themes"]] == [0, 0]


async def test_communities_come_by_page_and_an_older_survey_can_be_looked_at(activities: Activities) -> None:
    older = await survey_is_closed(activities, title="上一次", ends_on=date(2025, 3, 15), starts_on=date(2025, 3, 1))
    newer = await survey_is_closed(activities, number=2)
    first = await activities.leader.get("/v1/need-gaps?limit=1")
    assert (first["survey"]["id"], [one["code"] for one in first["items"]]) == (str(newer), [NORTH])
    then = await activities.leader.get(f"/v1/need-gaps?limit=1&cursor={first['next_cursor']}")
    assert ([one["code"] for one in then["items"]], then["next_cursor"]) == ([SOUTH], None)
    assert [one["id"] for one in first["surveys"]] == [str(newer), str(older)]
    assert (await activities.leader.get(f"/v1/need-gaps?survey_id={older}"))["survey"]["title"] == "上一次"


async def test_one_that_is_open_has_found_nothing_yet_and_another_district_s_is_not_seen(
    activities: Activities,
) -> None:
    survey_id = new_id()
    await hear(activities, received(NeedSurveyOpened(survey_id=survey_id, **SURVEY), survey_id, 1))
    assert (await activities.leader.get("/v1/need-gaps"))["survey"] is None
    closed = await survey_is_closed(activities)
    elsewhere = activities.account(Role.DISTRICT_ADMIN, district=OTHER_DISTRICT)
    assert (await elsewhere.get("/v1/need-gaps"))["items"] == []
    assert (await elsewhere.send("GET", f"/v1/need-gaps?survey_id={closed}")).status_code == 404
    assert (await activities.volunteer(new_id()).send("GET", "/v1/need-gaps")).status_code == 403


async def test_rebuilt_from_its_events_it_says_the_same(activities: Activities) -> None:
    survey_id = await survey_is_closed(activities)
    before = await activities.rows("SELECT * FROM known_need_survey")
    opened = NeedSurveyOpened(survey_id=survey_id, **SURVEY)
    async with activities.worker.transaction() as tx:
        await NEED_SURVEYS.project(tx, [received(opened, survey_id, 1)])  # the first again, late
    assert await activities.rows("SELECT * FROM known_need_survey") == before


async def test_what_was_taken_back_after_the_end_is_needed_no_more(activities: Activities) -> None:
    survey_id = await survey_is_closed(activities)
    without = FOUND | {"answered": {NORTH: 20}, "by_theme": {NORTH: {"elderly": 10}}}
    taken_back = NeedAnswerTakenBack(
        survey_id=survey_id,
        **(SURVEY | without),
        closed=True,
        answer_id=new_id(),
        community=SOUTH,
        people=10,
        needed={"health": 10},
    )
    await hear(activities, received(taken_back, survey_id, 3))
    north, south = (await activities.leader.get("/v1/need-gaps"))["items"]
    assert [(one["theme"], one["people"], one["per_cent"]) for one in north["themes"]] == [("elderly", 10, 50)]
    assert (south["answered"], south["themes"]) == (0, [])
