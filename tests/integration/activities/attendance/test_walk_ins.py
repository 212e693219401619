"""Whoever comes without a place is taken where one is left, and is in one place at a time whatever happens at once."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

from tests.integration.activities.attendance.test_attendance import HOUR, MINUTE, Place, came, fault_of
from tests.integration.activities.conftest import Account, Activities, in_turn


async def shift_now(activities: Activities, capacity: int = 20) -> UUID:
    """Publish a shift that begins in ten minutes: people can sign up, and check in."""
    shift_id = await activities.shift(capacity)
    await activities.move_shift(shift_id, 10 * MINUTE)
    return shift_id


async def walk_in(activities: Activities, shift_id: UUID, number: str = "V1") -> Any:
    path = f"/v1/shifts/{shift_id}/walk-ins"
    return await activities.leader.send("POST", path, json={"volunteer_number": number})


async def ask(volunteer: Account, shift_id: UUID) -> Any:
    return await volunteer.send("POST", f"/v1/shifts/{shift_id}/sign-ups")


async def standing(activities: Activities) -> Counter[tuple[UUID, str]]:
    """Return how many sign-ups there are of each shift and state."""
    return Counter((row.shift_id, row.state) for row in await activities.rows("SELECT shift_id, state FROM sign_up"))


async def test_at_two_shifts_of_one_hour_at_once_somebody_is_taken_at_one(activities: Activities) -> None:
    await activities.know_station()
    await activities.know_volunteers(8)
    shifts = [await shift_now(activities), await shift_now(activities)]
    people = [f"V{number}" for number in range(1, 9)]
    answers = await asyncio.gather(*(walk_in(activities, shift, one) for one in people for shift in shifts))
    assert Counter(answer.status_code for answer in answers) == {200: 8, 409: 8}
    assert {answer.json()["faults"][0]["code"] for answer in answers if answer.status_code == 409} == {"overlap"}
    rows = await activities.rows("SELECT volunteer_id, count(*) FROM sign_up GROUP BY volunteer_id")
    assert [row.count for row in rows] == [1] * 8


async def test_who_signs_up_themselves_while_they_are_taken_elsewhere_is_at_one(activities: Activities) -> None:
    await activities.know_station()
    people = [activities.volunteer(one) for one in await activities.know_volunteers(8)]
    door, own = await shift_now(activities), await shift_now(activities)
    answers = await asyncio.gather(
        *(walk_in(activities, door, f"V{number}") for number in range(1, 9)), *(ask(one, own) for one in people)
    )
    assert sum(answer.status_code in (200, 201) for answer in answers) == 8
    assert sum((await standing(activities)).values()) == 8


async def test_who_signs_up_themselves_while_they_are_taken_has_one_place(activities: Activities) -> None:
    await activities.know_station()
    people = [activities.volunteer(one) for one in await activities.know_volunteers(8)]
    shift_id = await shift_now(activities, capacity=8)
    answers = await asyncio.gather(
        *(walk_in(activities, shift_id, f"V{number}") for number in range(1, 9)),
        *(ask(one, shift_id) for one in people),
    )
    assert [answer.status_code for answer in answers[:8]] == [200] * 8
    assert await standing(activities) == {(shift_id, "attending"): 8}
    [shift] = await activities.rows("SELECT taken, waiting FROM shift")
    assert (shift.taken, shift.waiting) == (8, 0)


async def test_who_waits_and_comes_gets_a_place_that_is_free(activities: Activities) -> None:
    await activities.know_station()
    first, second, third = [activities.volunteer(one) for one in await activities.know_volunteers(3)]
    shift_id = await activities.shift(capacity=1)
    (held, *_) = await in_turn([first, second, third], f"/v1/shifts/{shift_id}/sign-ups")
    await activities.move_shift(shift_id, 10 * MINUTE)
    path = f"/v1/shifts/{shift_id}/walk-ins"
    assert await fault_of(activities.leader, path, volunteer_number="V3") == "no_place"
    await first.send("DELETE", f"/v1/sign-ups/{held['sign_up_id']}")  # so late that it is offered to nobody
    assert (await walk_in(activities, shift_id, "V3")).json()["state"] == "attending"
    assert await standing(activities) == {
        (shift_id, "withdrawn"): 1,
        (shift_id, "waiting"): 1,
        (shift_id, "attending"): 1,
    }
    [shift] = await activities.rows("SELECT taken, waiting FROM shift")
    assert (shift.taken, shift.waiting) == (1, 1)
    assert [event["volunteer_id"] for event in await activities.events("SignUpPromoted")] == [
        event["volunteer_id"] for event in await activities.events("VolunteerCheckedIn")
    ]


async def test_who_has_not_agreed_to_moved_times_agrees_by_coming(activities: Activities) -> None:
    await activities.know_station()
    (volunteer,) = [activities.volunteer(one) for one in await activities.know_volunteers(1)]
    published = await activities.publish()
    shift_id = UUID(published["shift_ids"][0])
    await in_turn([volunteer], f"/v1/shifts/{shift_id}/sign-ups")
    [shift] = await activities.rows("SELECT starts_at, ends_at FROM shift")
    moved = {
        "version": 1,
        "starts_at": (shift.starts_at + HOUR).isoformat(),
        "ends_at": (shift.ends_at + HOUR).isoformat(),
    }
    assert (await activities.leader.send("PATCH", f"/v1/shifts/{shift_id}", json=moved)).status_code == 200
    await activities.move_shift(shift_id, 10 * MINUTE)
    assert (await walk_in(activities, shift_id)).json()["state"] == "attending"
    assert len(await activities.events("SignUpAgreed")) == 1


async def test_waiting_elsewhere_keeps_nobody_from_where_they_are(activities: Activities) -> None:
    await activities.know_station()
    first, second = [activities.volunteer(one) for one in await activities.know_volunteers(2)]
    full, open_one = await activities.shift(capacity=1), await activities.shift()
    await in_turn([first, second], f"/v1/shifts/{full}/sign-ups")
    for shift_id in (full, open_one):
        await activities.move_shift(shift_id, -10 * MINUTE)
    assert (await walk_in(activities, open_one, "V1")).json()["faults"][0]["code"] == "overlap"
    assert (await walk_in(activities, open_one, "V2")).status_code == 200


async def test_a_check_out_is_not_taken_back_while_somebody_serves_elsewhere(activities: Activities) -> None:
    await activities.know_station()
    await activities.know_volunteers(1)
    left, present = await shift_now(activities), await shift_now(activities)
    for shift_id in (left, present):
        await activities.move_shift(shift_id, -30 * MINUTE)
    place = Place(left, (await walk_in(activities, left)).json()["sign_up_id"])
    await came(activities, place, 20 * MINUTE)
    await in_turn([activities.leader], f"{place.path}/check-out")
    assert (await walk_in(activities, present)).status_code == 200
    assert await fault_of(activities.leader, f"{place.path}/undo") == "overlap"
    assert await standing(activities) == {(left, "completed"): 1, (present, "attending"): 1}
