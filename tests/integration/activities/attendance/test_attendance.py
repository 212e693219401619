"""From check-in to a service record, and what may be corrected afterwards."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.store.event_log import new_id, now
from tests.integration.activities.conftest import DISTRICT, Account, Activities, in_turn

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


async def signed_up(activities: Activities, volunteer: Account, starts_in: timedelta = 10 * MINUTE) -> str:
    """Sign up for a shift of its own; return the sign-up's path."""
    shift_id = await activities.shift()
    (answer,) = await in_turn([volunteer], f"/v1/shifts/{shift_id}/sign-ups")
    await activities.move_shift(shift_id, starts_in)
    return f"/v1/sign-ups/{answer['sign_up_id']}"


async def came(activities: Activities, path: str, ago: timedelta) -> None:
    """Let time pass since the check-in."""
    sign_up_id = UUID(path.rsplit("/", 1)[1])
    async with activities.stores[0].transaction(DISTRICT) as tx:
        await tx.execute(
            text("UPDATE sign_up SET checked_in_at = :at WHERE id = :id"), {"at": now() - ago, "id": sign_up_id}
        )


async def code_of(account: Account, path: str) -> str | None:
    response = await account.send("POST", path)
    return None if response.status_code == 200 else response.json()["faults"][0]["code"]


async def test_an_attendance_is_logged_once_however_often_it_ends(activities: Activities) -> None:
    station_id = await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    volunteer = activities.volunteer(volunteer_id)
    path = await signed_up(activities, volunteer, starts_in=-HOUR)

    checked_in = await in_turn([volunteer, volunteer], f"{path}/check-in")
    assert checked_in[0] == checked_in[1]
    await came(activities, path, 61 * MINUTE + timedelta(seconds=30))
    both = [activities.volunteer(volunteer_id, instance) for instance in (0, 1)]
    responses = await asyncio.gather(*(account.send("POST", f"{path}/check-out") for account in both * 3))
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    answer = responses[0].json()
    assert answer["state"] == "completed"
    assert answer["minutes"] == 62

    (event,) = await activities.events("ServiceLogged")
    assert event["record_no"] == answer["record"]["record_no"]
    assert event["record_no"].startswith(f"LB-{DISTRICT}-")
    assert (event["volunteer_id"], event["station_id"]) == (str(volunteer_id), str(station_id))
    assert (event["minutes"], event["provenance"], event["service"]) == (62, "self_check_in", "culture")
    assert len(await activities.events("VolunteerCheckedIn")) == 1
    (record,) = (await volunteer.get("/v1/service-records"))["items"]
    assert (record["id"], record["minutes"], record["version"]) == (event["record_id"], 62, 1)


async def test_a_leader_checks_in_for_somebody(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    path = await signed_up(activities, activities.volunteer(volunteer_id))
    await in_turn([activities.leader], f"{path}/check-in")
    await came(activities, path, HOUR)
    await in_turn([activities.manager], f"{path}/check-out")
    (event,) = await activities.events("ServiceLogged")
    assert (event["provenance"], event["minutes"]) == ("leader", 60)


async def test_a_visit_under_a_minute_is_answered_but_not_logged(activities: Activities) -> None:
    await activities.know_station()
    volunteer = activities.volunteer((await activities.know_volunteers(1))[0])
    path = await signed_up(activities, volunteer)
    await in_turn([volunteer], f"{path}/check-in")
    for answer in await in_turn([volunteer, volunteer], f"{path}/check-out"):
        assert (answer["state"], answer["minutes"], answer["record"]) == ("completed", 0, None)
    assert await activities.events("ServiceLogged") == []


async def test_a_forgotten_check_out_counts_to_the_end_of_the_shift(activities: Activities) -> None:
    await activities.know_station()
    volunteer = activities.volunteer((await activities.know_volunteers(1))[0])
    path = await signed_up(activities, volunteer)
    await in_turn([volunteer], f"{path}/check-in")
    await came(activities, path, 5 * HOUR)
    shift_id = (await activities.rows("SELECT shift_id FROM sign_up"))[0].shift_id
    await activities.move_shift(shift_id, -5 * HOUR, lasts=2 * HOUR)
    (answer,) = await in_turn([volunteer], f"{path}/check-out")
    assert answer["minutes"] == 120


async def test_who_may_check_in_and_when(activities: Activities) -> None:
    await activities.know_station()
    mine, other = [activities.volunteer(volunteer) for volunteer in await activities.know_volunteers(2)]
    path = await signed_up(activities, mine, starts_in=31 * MINUTE)
    assert await code_of(other, f"{path}/check-in") == "not_found"
    assert await code_of(mine, f"{path}/check-in") == "too_early"
    assert await code_of(mine, f"{path}/check-out") == "not_open"
    late = await signed_up(activities, mine, starts_in=-3 * HOUR)
    assert await code_of(mine, f"{late}/check-in") == "too_late"
    assert (await activities.account("auditor").send("POST", f"{path}/check-in")).status_code == 403


async def test_nobody_is_in_two_places_at_once(activities: Activities) -> None:
    await activities.know_station()
    volunteer = activities.volunteer((await activities.know_volunteers(1))[0])
    first, second = [await signed_up(activities, volunteer, starts_in=-MINUTE) for _ in range(2)]
    await in_turn([volunteer], f"{first}/check-in")
    assert await code_of(volunteer, f"{second}/check-in") == "overlap"
    await came(activities, first, 30 * MINUTE)
    await in_turn([volunteer], f"{first}/check-out")
    await in_turn([volunteer], f"{second}/check-in")
    await came(activities, second, 10 * MINUTE)  # as if it had begun during the first
    assert await code_of(volunteer, f"{second}/check-out") == "overlap"
    assert len(await activities.events("ServiceLogged")) == 1


async def test_check_ins_for_two_shifts_at_once_let_one_through(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    accounts = [activities.volunteer(volunteer_id, instance) for instance in (0, 1)]
    paths = [await signed_up(activities, accounts[0]) for _ in range(6)]
    codes = await asyncio.gather(
        *(code_of(accounts[number % 2], f"{path}/check-in") for number, path in enumerate(paths))
    )
    assert sorted(str(code) for code in codes) == ["None"] + ["overlap"] * 5


async def record(activities: Activities) -> tuple[Account, dict[str, Any]]:
    """Have a record of 60 minutes on file; return its volunteer and the record."""
    await activities.know_station()
    volunteer = activities.volunteer((await activities.know_volunteers(1))[0])
    path = await signed_up(activities, volunteer, starts_in=-HOUR)
    await in_turn([volunteer], f"{path}/check-in")
    await came(activities, path, HOUR)
    await in_turn([volunteer], f"{path}/check-out")
    return volunteer, (await volunteer.get("/v1/service-records"))["items"][0]


async def test_a_correction_names_the_version_it_is_based_on(activities: Activities) -> None:
    volunteer, found = await record(activities)
    path = f"/v1/service-records/{found['id']}"
    shown = await volunteer.send("GET", path)
    body = {"minutes": 45, "reason": "提前离开"}
    manager, match = activities.manager, {"If-Match": shown.headers["ETag"]}
    assert (await manager.send("POST", f"{path}/corrections", json=body)).status_code == 428
    first = await manager.send("POST", f"{path}/corrections", json=body, headers=match, key="k1")
    assert (first.status_code, first.json()["version"]) == (201, 2)
    again = await manager.send("POST", f"{path}/corrections", json=body, headers=match, key="k1")
    assert again.content == first.content
    stale = await manager.send("POST", f"{path}/corrections", json=body, headers=match)
    assert (stale.status_code, stale.json()["faults"][0]["code"]) == (409, "changed_meanwhile")

    (event,) = await activities.events("ServiceCorrected")
    assert (event["minutes"], event["previous_minutes"], event["reason"]) == (45, 60, "提前离开")
    (versions,) = await activities.rows(
        "SELECT array_agg(aggregate_version ORDER BY position) AS of FROM event_log WHERE aggregate_id = :id",
        id=found["id"],
    )
    assert versions.of == [1, 2]
    denied = await activities.leader.send("POST", f"{path}/corrections", json=body, headers={"If-Match": '"2"'})
    assert denied.status_code == 403


async def test_a_voided_record_stays_void_and_frees_its_time(activities: Activities) -> None:
    volunteer, found = await record(activities)
    path = f"/v1/service-records/{found['id']}/corrections"
    voided = await activities.manager.send(
        "POST", path, json={"minutes": 0, "reason": "误登"}, headers={"If-Match": '"1"'}
    )
    assert voided.status_code == 201
    back = await activities.manager.send("POST", path, json={"minutes": 5, "reason": "x"}, headers={"If-Match": '"2"'})
    assert back.json()["faults"][0]["code"] == "not_open"
    sign_up = await signed_up(activities, volunteer, starts_in=-HOUR)
    await in_turn([volunteer], f"{sign_up}/check-in")
    await came(activities, sign_up, 30 * MINUTE)
    await in_turn([volunteer], f"{sign_up}/check-out")
    assert [item["minutes"] for item in (await volunteer.get("/v1/service-records"))["items"]] == [30, 0]


async def test_a_volunteer_sees_only_their_own_records(activities: Activities) -> None:
    volunteer, found = await record(activities)
    other = activities.volunteer(new_id())
    assert (await other.send("GET", f"/v1/service-records?volunteer_id={found['volunteer_id']}")).status_code == 403
    assert (await other.send("GET", f"/v1/service-records/{found['id']}")).status_code == 403
    assert (await other.get("/v1/service-records"))["items"] == []
    auditor = activities.account("auditor")
    assert len((await auditor.get(f"/v1/service-records?volunteer_id={found['volunteer_id']}"))["items"]) == 1
    assert (await auditor.send("GET", "/v1/service-records")).status_code == 422
    assert (await volunteer.send("GET", f"/v1/service-records/{new_id()}")).status_code == 404
