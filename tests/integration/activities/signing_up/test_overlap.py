"""Nobody takes up two things at one time (case C1; domain.md row 27): refused at sign-up, also in a rush."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from tests.integration.activities.conftest import Account, Activities, in_turn
from tests.integration.activities.shifts import DAY, HOUR, shift_at


async def ask(account: Account, shift_id: UUID) -> Any:
    return await account.send("POST", f"/v1/shifts/{shift_id}/sign-ups")


@pytest.fixture
async def one(activities: Activities) -> Account:
    await activities.know_station()
    (volunteer,) = await activities.know_volunteers(1)
    return activities.volunteer(volunteer)


@pytest.mark.row(27)
async def test_c1_the_second_of_two_shifts_at_a_time_is_refused_and_the_first_is_named(
    activities: Activities, one: Account
) -> None:
    first = await shift_at(activities, 9, 11, "社区读书会")
    second = await shift_at(activities, 10, 12, "社区义诊")
    third = await shift_at(activities, 11, 13, "社区清扫")
    got = (await ask(one, first)).json()

    refused = await ask(one, second)
    assert refused.status_code == 409
    (fault,) = refused.json()["faults"]
    assert fault["code"] == "overlap"
    assert fault["other"] == {
        "sign_up_id": got["sign_up_id"],
        "shift_id": str(first),
        "title": "社区读书会",
        "starts_at": (DAY + 9 * HOUR).isoformat(),
        "ends_at": (DAY + 11 * HOUR).isoformat(),
    }
    assert fault["message"].endswith("社区读书会")
    assert (await ask(one, third)).status_code == 201  # back to back


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [(8, 9, 201), (8, 9.5, 409), (9, 11, 409), (9.5, 10, 409), (8, 12, 409), (10.9, 12, 409), (11, 12, 201)],
)
async def test_times_meet_from_the_start_until_just_before_the_end(
    activities: Activities, one: Account, start: float, end: float, status: int
) -> None:
    await ask(one, await shift_at(activities, 9, 11))
    assert (await ask(one, await shift_at(activities, start, end))).status_code == status


async def test_whoever_waits_is_taken_up_too_and_whoever_withdraws_is_free_again(activities: Activities) -> None:
    await activities.know_station()
    first, second = [activities.volunteer(volunteer) for volunteer in await activities.know_volunteers(2)]
    full = await shift_at(activities, 9, 11, capacity=1)
    (_, waiting) = await in_turn([first, second], f"/v1/shifts/{full}/sign-ups")
    assert waiting["state"] == "waiting"
    other = await shift_at(activities, 10, 12)
    assert (await ask(second, other)).json()["faults"][0]["code"] == "overlap"
    await second.send("DELETE", f"/v1/sign-ups/{waiting['sign_up_id']}")
    assert (await ask(second, other)).status_code == 201


@pytest.mark.row(27)
async def test_five_hundred_people_rush_two_shifts_of_one_hour_at_once(activities: Activities) -> None:
    await activities.know_station()
    people = await activities.know_volunteers(500)
    shifts = [await shift_at(activities, 9, 11, capacity=100), await shift_at(activities, 10, 12, capacity=100)]
    requests = [
        ask(activities.volunteer(person, (number + turn) % 2), shifts[(number + turn) % 2])
        for number, person in enumerate(people)
        for turn in (0, 1)
    ]
    answers = await asyncio.gather(*requests)
    assert Counter(answer.status_code for answer in answers) == {201: 500, 409: 500}
    assert {answer.json()["faults"][0]["code"] for answer in answers if answer.status_code == 409} == {"overlap"}
    rows = await activities.rows("SELECT volunteer_id, shift_id, state FROM sign_up")
    assert Counter(row.volunteer_id for row in rows) == dict.fromkeys(people, 1)
    counted = await activities.rows("SELECT id, taken, waiting FROM shift")
    for shift in counted:
        states = Counter(row.state for row in rows if row.shift_id == shift.id)
        assert (states["confirmed"], states["waiting"]) == (shift.taken, shift.waiting)
