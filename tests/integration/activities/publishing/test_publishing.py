"""Publishing and finding activities over HTTP."""

from datetime import date, timedelta

import pytest

from services.activities.register import projections
from shared.contracts import StationClosed
from shared.contracts.received import Received
from tests.integration.activities.conftest import DISTRICT, OTHER_DISTRICT, STATION, Activities, activity, opened


async def test_a_published_activity_is_found_with_its_free_places(activities: Activities) -> None:
    station_id = await activities.know_station()
    published = await activities.publish(capacity=3)
    volunteer = activities.account("volunteer")
    (listed,) = (await volunteer.get("/v1/activities"))["items"]
    assert listed["id"] == published["id"]
    assert listed["station_code"] == STATION
    assert [(shift["id"], shift["free_places"]) for shift in listed["shifts"]] == [(published["shift_ids"][0], 3)]
    shown = await volunteer.get(f"/v1/activities/{published['id']}")
    assert shown["risk_text"] == "地面湿滑时注意安全"
    assert shown["person_in_charge"] == "李站长 13800000000"

    (event,) = await activities.events("ActivityPublished")
    assert (event["activity_id"], event["station_id"]) == (published["id"], str(station_id))
    assert (event["risk_text"], event["person_in_charge"]) == ("地面湿滑时注意安全", "李站长 …")
    assert [shift["capacity"] for shift in event["shifts"]] == [3]
    assert "13800000000" not in str(await activities.rows("SELECT CAST(data AS text) FROM event_log"))

    by_id = await activities.leader.send("POST", "/v1/activities", json=activity(station=str(station_id)))
    assert by_id.status_code == 201


@pytest.mark.row(22)
async def test_an_incomplete_activity_is_refused_with_every_fault(activities: Activities) -> None:
    body = {"station": STATION, "shifts": [{**activity()["shifts"][0], "capacity": None}]}
    response = await activities.leader.send("POST", "/v1/activities", json=body, headers={"Accept-Language": "en"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    faults = {(fault["field"], fault["code"]) for fault in response.json()["faults"]}
    assert faults == {
        ("title", "missing"),
        ("place", "missing"),
        ("person_in_charge", "missing"),
        ("risk_text", "missing"),
        ("service", "missing"),
        ("shifts.0.capacity", "missing"),
    }


async def test_a_station_must_be_known(activities: Activities) -> None:
    await activities.know_station(district=OTHER_DISTRICT)
    response = await activities.leader.send("POST", "/v1/activities", json=activity())
    assert [(f["field"], f["code"]) for f in response.json()["faults"]] == [("station", "unknown_reference")]


async def test_nothing_is_published_at_a_station_that_is_closed(activities: Activities) -> None:
    station_id = await activities.know_station()
    told = opened(station_id, STATION).data
    closed = StationClosed(**{**told.model_dump(), "closed_on": date(2026, 11, 1)})
    async with activities.worker.transaction() as tx:
        await projections.STATIONS.project(tx, [Received(opened(station_id, STATION, version=2).attributes, closed)])
    response = await activities.leader.send("POST", "/v1/activities", json=activity())
    assert response.status_code == 409
    assert [(f["field"], f["code"]) for f in response.json()["faults"]] == [("station", "closed")]


async def test_only_organisers_publish(activities: Activities) -> None:
    for role in ("volunteer", "auditor", "upstream"):
        response = await activities.account(role).send("POST", "/v1/activities", json=activity())
        assert response.status_code == 403
    assert (await activities.clients[0].post("/v1/activities", json=activity())).status_code == 401


async def test_publishing_again_with_the_same_key_gives_the_same_answer(activities: Activities) -> None:
    await activities.know_station()
    leader, body = activities.leader, activity()
    first = await leader.send("POST", "/v1/activities", json=body, key="k1")
    again = await leader.send("POST", "/v1/activities", json=body, key="k1")
    other = await leader.send("POST", "/v1/activities", json={**body, "title": "别的"}, key="k1")
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.content == again.content
    assert len(await activities.events("ActivityPublished")) == 1


async def test_the_list_has_pages_and_leaves_out_what_has_begun(activities: Activities) -> None:
    await activities.know_station()
    published = [await activities.publish() for _ in range(5)]
    await activities.move_shift(published[0]["shift_ids"][0], -timedelta(minutes=1))
    account, ids, cursor = activities.account("volunteer"), [], ""
    while True:
        page = await account.get(f"/v1/activities?limit=2{cursor}")
        ids += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert ids == [answer["id"] for answer in reversed(published[1:])]
    assert (await account.send("GET", "/v1/activities?cursor=WyJ4Il0")).status_code == 422


async def test_districts_do_not_see_each_other(activities: Activities) -> None:
    await activities.know_station()
    published = await activities.publish()
    stranger = activities.account("volunteer", district=OTHER_DISTRICT)
    assert (await stranger.get("/v1/activities"))["items"] == []
    assert (await stranger.send("GET", f"/v1/activities/{published['id']}")).status_code == 404
    rows = await activities.rows("SELECT DISTINCT district FROM event_log")
    assert [row.district for row in rows] == [DISTRICT]
