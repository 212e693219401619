"""From check-in to a service record, and what may be corrected afterwards."""

import asyncio
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.store.event_log import new_id, now
from tests.integration.activities.conftest import DISTRICT, Account, Activities, in_turn

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Place(NamedTuple):
    """Somebody's place on a shift of its own."""

    shift_id: UUID
    sign_up_id: str

    @property
    def path(self) -> str:
        return f"/v1/sign-ups/{self.sign_up_id}"


async def signed_up(
    activities: Activities, volunteer: Account, starts_in: timedelta = 10 * MINUTE, lasts: timedelta = 2 * HOUR
) -> Place:
    """Sign up for a shift of its own, and let time pass until it starts this long from now."""
    shift_id = await activities.shift()
    (answer,) = await in_turn([volunteer], f"/v1/shifts/{shift_id}/sign-ups")
    await activities.move_shift(shift_id, starts_in, lasts)
    return Place(shift_id, answer["sign_up_id"])


async def came(activities: Activities, place: Place, ago: timedelta) -> None:
    """Let time pass since the check-in."""
    async with activities.stores[0].transaction(DISTRICT) as tx:
        await tx.execute(
            text("UPDATE sign_up SET checked_in_at = :at WHERE id = :id"),
            {"at": now() - ago, "id": UUID(place.sign_up_id)},
        )


async def leave(volunteer: Account, place: Place) -> dict[str, Any]:
    """Have a volunteer check out."""
    response = await volunteer.send("POST", "/v1/check-outs", json={"sign_up_id": place.sign_up_id})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def fault_of(account: Account, path: str, **body: Any) -> str | None:
    """Post; return the code of the first fault, or None where it went well."""
    response = await account.send("POST", path, json=body or None)
    return None if response.status_code == 200 else response.json()["faults"][0]["code"]


async def attended(activities: Activities, volunteer: Account, minutes: int = 60) -> Place:
    """Have a record of some minutes on file: of a shift that began as long ago."""
    place = await signed_up(activities, volunteer, starts_in=-minutes * MINUTE)
    await activities.check_in(volunteer, place.shift_id)
    await came(activities, place, minutes * MINUTE)
    await leave(volunteer, place)
    return place


async def test_an_attendance_is_logged_once_however_often_it_ends(activities: Activities) -> None:
    station_id = await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    volunteer = activities.volunteer(volunteer_id)
    place = await signed_up(activities, volunteer, starts_in=-90 * MINUTE)

    first = await activities.check_in(volunteer, place.shift_id)
    assert await activities.check_in(volunteer, place.shift_id) == first
    await came(activities, place, 61 * MINUTE + timedelta(seconds=30))
    both = [activities.volunteer(volunteer_id, instance) for instance in (0, 1)]
    answers = await asyncio.gather(*(leave(account, place) for account in both * 3))
    answer = answers[0]
    assert all(each == answer for each in answers)
    assert (answer["state"], answer["minutes"]) == ("completed", 62)

    (event,) = await activities.events("ServiceLogged")
    assert event["record_no"] == answer["record"]["record_no"]
    assert event["record_no"].startswith(f"LB-{DISTRICT}-")
    assert (event["volunteer_id"], event["station_id"]) == (str(volunteer_id), str(station_id))
    assert (event["minutes"], event["provenance"], event["service"]) == (62, "self_check_in", "culture")
    (come,), (gone,) = await activities.events("VolunteerCheckedIn"), await activities.events("VolunteerCheckedOut")
    assert come["way"] == gone["way"] == "self_check_in"
    (record,) = (await volunteer.get("/v1/service-records"))["items"]
    assert (record["id"], record["minutes"], record["version"]) == (event["record_id"], 62, 1)


@pytest.mark.row(31)
async def test_a_leader_checks_in_and_out_from_the_list(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    place = await signed_up(activities, activities.volunteer(volunteer_id), starts_in=-HOUR)
    await in_turn([activities.leader], f"{place.path}/check-in")
    await came(activities, place, HOUR)
    left = await activities.manager.send("POST", f"{place.path}/check-out", json={"way": "kiosk"})
    assert left.status_code == 200
    (event,) = await activities.events("ServiceLogged")
    assert (event["provenance"], event["minutes"]) == ("leader", 60)
    assert [each["way"] for each in await activities.events("VolunteerCheckedOut")] == ["kiosk"]
    claimed = await activities.manager.send("POST", f"{place.path}/check-out", json={"way": "self_check_in"})
    assert claimed.status_code == 422


async def test_who_may_check_in_and_when(activities: Activities) -> None:
    await activities.know_station()
    mine, other = [activities.volunteer(volunteer) for volunteer in await activities.know_volunteers(2)]
    place = await signed_up(activities, mine, starts_in=31 * MINUTE)
    code = {"token": (await activities.leader.get(f"/v1/shifts/{place.shift_id}/code"))["qr_token"]}
    assert await fault_of(other, "/v1/check-ins", **code) == "not_found"
    early = await mine.send("POST", "/v1/check-ins", json=code)
    assert early.json()["faults"][0]["code"] == "too_early"
    assert early.json()["opens_at"] == (await mine.get(f"/v1/check-ins/{code['token']}"))["opens_at"].replace(
        "Z", "+00:00"
    )
    assert await fault_of(mine, "/v1/check-outs", sign_up_id=place.sign_up_id) == "not_open"
    assert await fault_of(other, "/v1/check-outs", sign_up_id=place.sign_up_id) == "not_found"
    late = await signed_up(activities, mine, starts_in=-3 * HOUR)
    assert await fault_of(activities.leader, f"{late.path}/check-in") == "too_late"
    for nobody in (mine, activities.account("auditor")):
        assert (await nobody.send("POST", f"{place.path}/check-in")).status_code == 403


async def test_nobody_is_in_two_places_at_once(activities: Activities) -> None:
    await activities.know_station()
    volunteer = activities.volunteer((await activities.know_volunteers(1))[0])
    first, second = [await signed_up(activities, volunteer, starts_in=-40 * MINUTE) for _ in range(2)]
    await activities.check_in(volunteer, first.shift_id)
    refused = await activities.leader.send("POST", f"{second.path}/check-in")
    (fault,) = refused.json()["faults"]
    assert (refused.status_code, fault["code"]) == (409, "overlap")
    assert fault["other"]["sign_up_id"] == first.sign_up_id
    assert fault["other"]["title"] == "社区读书会"
    await came(activities, first, 30 * MINUTE)
    await leave(volunteer, first)
    await activities.check_in(volunteer, second.shift_id)
    await came(activities, second, 10 * MINUTE)  # as if it had begun during the first
    assert await fault_of(volunteer, "/v1/check-outs", sign_up_id=second.sign_up_id) == "overlap"
    assert len(await activities.events("ServiceLogged")) == 1


async def test_check_ins_for_two_shifts_at_once_let_one_through(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    places = [await signed_up(activities, activities.volunteer(volunteer_id)) for _ in range(6)]
    at = now()
    for place in places:
        await activities.move_shift(place.shift_id, 10 * MINUTE, at=at)
    codes = await asyncio.gather(*(fault_of(activities.leader, f"{place.path}/check-in") for place in places))
    assert sorted(str(code) for code in codes) == ["None"] + ["overlap"] * 5


async def record(activities: Activities) -> tuple[Account, dict[str, Any]]:
    """Have a record of 60 minutes on file; return its volunteer and the record."""
    await activities.know_station()
    volunteer = activities.volunteer((await activities.know_volunteers(1))[0])
    await attended(activities, volunteer)
    return volunteer, (await volunteer.get("/v1/service-records"))["items"][0]


async def test_a_correction_names_the_version_it_is_based_on(activities: Activities) -> None:
    volunteer, found = await record(activities)
    path = f"/v1/service-records/{found['id']}"
    shown = await volunteer.send("GET", path)
    body = {"minutes": 45, "reason": "提前离开"}
    manager, match = activities.manager, {"If-Match": shown.headers["ETag"]}
    refused = await manager.send("POST", f"{path}/corrections", json=body)
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (428, "version_missing")
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
    await attended(activities, volunteer, minutes=30)
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
