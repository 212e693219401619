"""A volunteer says when they really served; staff answer by a date, and the record and the hours follow."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.activities.claims.domain import due_on
from shared.contracts.actor import Role
from shared.store.event_log import now
from tests.integration.activities.attendance.test_attendance import HOUR, MINUTE, Place, attended, came, signed_up
from tests.integration.activities.conftest import Account, Activities
from tests.integration.activities.records.test_record_import import line, take_in


async def volunteer_of(activities: Activities) -> Account:
    await activities.know_station()
    return activities.volunteer((await activities.know_volunteers(1))[0])


async def claim(account: Account, path: str, minutes: int, *, ago: int = 180, status: int = 201) -> Any:
    """Claim some minutes that began as many minutes ago."""
    start = now() - ago * MINUTE
    body = {
        "started_at": start.isoformat(),
        "ended_at": (start + minutes * MINUTE).isoformat(),
        "reason": "手机没电,未能签退",
    }
    response = await account.send("POST", f"{path}/claims", json=body)
    assert response.status_code == status, response.text
    return response.json()


async def answer(account: Account, claim_id: str, status: int = 200, **body: Any) -> Any:
    response = await account.send("POST", f"/v1/claims/{claim_id}/answer", json={"reason": "与签到表一致", **body})
    assert response.status_code == status, response.text
    return response.json()


async def forgotten(activities: Activities, volunteer: Account) -> Place:
    """Have a volunteer come to a shift that ended an hour ago, and never leave."""
    place = await signed_up(activities, volunteer)
    await activities.check_in(volunteer, place.shift_id)
    await activities.move_shift(place.shift_id, -3 * HOUR)
    await came(activities, place, 3 * HOUR)
    left = await volunteer.send("POST", "/v1/check-outs", json={"sign_up_id": place.sign_up_id})
    assert left.json()["state"] == "missing_check_out"
    return place


@pytest.mark.row(44)
async def test_a_forgotten_check_out_is_claimed_accepted_and_credited(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await forgotten(activities, volunteer)
    made = await claim(volunteer, place.path, 110)
    assert (made["state"], date.fromisoformat(made["due_on"])) == ("open", due_on(now()))
    assert await activities.events("ServiceLogged") == []
    again = await claim(volunteer, place.path, 100, status=409)
    assert (again["claim_id"], again["due_on"]) == (made["claim_id"], made["due_on"])

    (waiting,) = (await activities.leader.get("/v1/claims?state=open"))["items"]
    assert (waiting["id"], waiting["reason"]) == (made["claim_id"], "手机没电,未能签退")
    answered = await answer(activities.leader, made["claim_id"], accepted=True)
    assert (answered["state"], answered["minutes"]) == ("accepted", 110)
    (mine,) = (await volunteer.get("/v1/claims?mine=true"))["items"]
    assert (await activities.leader.get("/v1/claims?mine=true"))["items"] == []
    assert (mine["state"], mine["answer"]) == ("accepted", "与签到表一致")
    (record,) = (await volunteer.get("/v1/service-records"))["items"]
    (sign_up,) = (await volunteer.get("/v1/me/sign-ups"))["items"]
    assert (record["sign_up_id"], sign_up["record_id"]) == (place.sign_up_id, record["id"])
    (logged,), (told,) = await activities.events("ServiceLogged"), await activities.events("ClaimAnswered")
    assert (logged["minutes"], logged["provenance"]) == (110, "leader")
    assert (told["accepted"], told["minutes"]) == (True, 110)
    (asked,) = await activities.events("ServiceClaimed")
    assert "reason" not in asked
    assert (await answer(activities.leader, made["claim_id"], 409, accepted=True))["faults"][0]["code"] == "not_open"


async def test_whoever_is_said_not_to_have_come_is_told_once_that_the_claim_is_accepted(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    await activities.move_shift(place.shift_id, -3 * HOUR)
    closed = await activities.leader.send("POST", f"/v1/shifts/{place.shift_id}/close", json={"entries": []})
    assert closed.json()["missed"] == 1
    made = await claim(volunteer, place.path, 100)
    await answer(activities.leader, made["claim_id"], accepted=True)
    (told,) = await activities.events("ClaimAnswered")
    assert (told["minutes"], told["excused"]) == (100, True)
    for name in ("AbsenceExcused", "ServiceLogged"):
        (event,) = await activities.events(name)
        assert event["claim_id"] == made["claim_id"], f"{name} is told with the answer"


async def test_a_record_that_says_too_little_is_corrected_by_what_the_leader_states(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await attended(activities, volunteer, minutes=10)
    await activities.move_shift(place.shift_id, -3 * HOUR, lasts=HOUR)
    (record,) = (await volunteer.get("/v1/service-records"))["items"]
    made = await claim(volunteer, f"/v1/service-records/{record['id']}", 60)
    start = now() - 150 * MINUTE
    stated: dict[str, Any] = {
        "started_at": start.isoformat(),
        "ended_at": (start + 50 * MINUTE).isoformat(),
        "break_minutes": 5,
    }
    answered = await answer(activities.manager, made["claim_id"], accepted=True, **stated)
    assert answered["minutes"] == 45
    (correction,) = await activities.events("ServiceCorrected")
    assert (correction["previous_minutes"], correction["minutes"], correction["reason"]) == (10, 45, "与签到表一致")
    assert correction["claim_id"] == made["claim_id"]


@pytest.mark.row(44)
async def test_a_claim_that_is_refused_changes_nothing_and_another_can_be_made(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await forgotten(activities, volunteer)
    made = await claim(volunteer, place.path, 110)
    assert (await answer(activities.leader, made["claim_id"], 422, accepted=False, reason=""))["faults"]
    refused = await answer(activities.leader, made["claim_id"], accepted=False, reason="签到表上没有")
    assert (refused["state"], refused["minutes"]) == ("refused", 0)
    assert await activities.events("ServiceLogged") == []
    await claim(volunteer, place.path, 90)
    (told,) = await activities.events("ClaimAnswered")
    assert (told["accepted"], told["reason"]) == (False, "签到表上没有")


async def test_an_imported_record_is_claimed_too(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    start = now().replace(hour=4, minute=0, second=0, microsecond=0) - timedelta(days=2)  # noon of the district's day
    times = {"started_at": start.isoformat(), "ended_at": (start + HOUR).isoformat()}
    await take_in(activities, [line(1, **times)])
    (record,) = (await volunteer.get("/v1/service-records"))["items"]
    ago = round((now() - start) / MINUTE)
    made = await claim(volunteer, f"/v1/service-records/{record['id']}", 90, ago=ago)
    assert (await activities.leader.get("/v1/claims"))["items"] == []  # published by nobody: its station's manager's
    assert (await answer(activities.manager, made["claim_id"], accepted=True))["minutes"] == 90


async def test_only_what_is_over_and_one_s_own_can_be_claimed(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    stranger = activities.volunteer((await activities.know_volunteers(1))[0])
    place = await signed_up(activities, volunteer, starts_in=-HOUR)
    assert (await claim(volunteer, place.path, 30, status=409))["faults"][0]["code"] == "not_open"
    await activities.move_shift(place.shift_id, -4 * HOUR)
    assert (await claim(stranger, place.path, 30, status=404))["faults"][0]["code"] == "not_found"
    assert (await claim(volunteer, place.path, 600, status=422))["faults"][0]["code"] == "in_future"
    made = await claim(volunteer, place.path, 30)
    elsewhere = await activities.know_station("510115-STA-02")
    other = activities.account(Role.STATION_MANAGER, units=[elsewhere])
    assert (await other.get("/v1/claims"))["items"] == []
    await answer(other, made["claim_id"], 404, accepted=True)
    assert (await stranger.get("/v1/claims"))["items"] == []
