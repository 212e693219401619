"""Who staffs an activity takes somebody off a shift: told why, no absence, and the next is offered the place."""

from typing import Any

import pytest

from shared.contracts.actor import Role
from tests.integration.activities.conftest import Account, Activities
from tests.integration.activities.shifts import HOUR, Volunteer, counts, shift_at, states, told, volunteers


@pytest.fixture
async def people(activities: Activities) -> list[Volunteer]:
    return await volunteers(activities, 3)


async def take_off(leader: Account, sign_up_id: str, reason: str = "本人来电说来不了") -> Any:
    return await leader.send("POST", f"/v1/sign-ups/{sign_up_id}/take-off", json={"reason": reason})


def code(response: Any) -> str:
    return str(response.json()["faults"][0]["code"])


async def test_they_are_told_why_and_the_place_is_offered_to_the_next(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id = await shift_at(activities, 9, 11, capacity=1)
    first, _, third = [await one.sign_up(shift_id) for one in people]
    assert code(await take_off(activities.leader, first, " ")) == "missing"
    for _ in range(2):  # the second time changes nothing
        assert (await take_off(activities.leader, first)).status_code == 204
    [(_, event)] = await told(activities, "VolunteerTakenOff")
    assert (event["volunteer_id"], event["reason"]) == (str(people[0].id), "本人来电说来不了")
    assert await states(activities, shift_id) == ["cancelled", "offered", "waiting"]
    assert await counts(activities, shift_id) == (1, 1)
    absences = await people[0].account.get(f"/v1/volunteers/{people[0].id}/absences")
    assert (absences["late_withdrawals"], absences["no_shows"]) == (0, 0)

    assert (await take_off(activities.leader, third)).status_code == 204  # off the waiting list
    assert await counts(activities, shift_id) == (1, 0)
    await people[0].sign_up(await shift_at(activities, 10, 12))  # the time is free again


async def test_who_does_not_staff_it_cannot_and_nobody_once_it_has_begun(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id = await shift_at(activities, 9, 11)
    sign_up = await people[0].sign_up(shift_id)
    elsewhere = activities.account(Role.TEAM_LEADER)
    assert code(await take_off(elsewhere, sign_up)) == "not_found"
    assert (await take_off(people[0].account, sign_up)).status_code == 403
    await activities.move_shift(shift_id, -HOUR)
    assert code(await take_off(activities.leader, sign_up)) == "too_late"
    await activities.check_in(people[0].account, shift_id)
    assert code(await take_off(activities.leader, sign_up)) == "not_open"


async def test_the_roster_says_who_has_not_agreed_to_moved_times_and_until_when(
    activities: Activities, people: list[Volunteer]
) -> None:
    published = await activities.publish()
    shift_id = published["shift_ids"][0]
    agreed, silent = [await one.sign_up(shift_id) for one in people[:2]]
    [shift] = await activities.rows("SELECT starts_at, ends_at FROM shift")
    times = {"starts_at": (shift.starts_at + HOUR).isoformat(), "ends_at": (shift.ends_at + HOUR).isoformat()}
    moved = await activities.leader.send("PATCH", f"/v1/shifts/{shift_id}", json={"version": 1, **times})
    assert moved.status_code == 200, moved.text
    await people[0].accept(agreed)
    roster = await activities.leader.get(f"/v1/shifts/{shift_id}/roster", params={"state": "asked_again"})
    assert [entry["sign_up_id"] for entry in roster["items"]] == [silent]
    assert roster["items"][0]["answer_by"]
    assert roster["counts"]["asked_again"] == 1
