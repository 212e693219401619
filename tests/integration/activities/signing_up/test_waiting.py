"""Case C6 and domain.md row 26: a free place is offered with a deadline to who can come, then to the next."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.integration.activities.conftest import DISTRICT, Activities
from tests.integration.activities.shifts import (
    HOUR,
    Volunteer,
    counts,
    deadlines_pass,
    shift_at,
    states,
    told,
    volunteers,
    work_off,
)


@pytest.fixture
async def people(activities: Activities) -> list[Volunteer]:
    return await volunteers(activities, 5)


async def serve_elsewhere(activities: Activities, person: Volunteer, shift_id: UUID) -> UUID:
    """Have somebody who waits for a shift attend another one that has been moved to its time."""
    other = await shift_at(activities, 20, 22, "社区义诊")
    sign_up = await person.sign_up(other)
    await activities.as_owner(
        f"SET app.districts = '{DISTRICT}'",
        "ALTER TABLE sign_up NO FORCE ROW LEVEL SECURITY",
        "UPDATE sign_up u SET starts_at = w.starts_at, ends_at = w.ends_at, state = 'attending', checked_in_at = now() "
        f"FROM sign_up w WHERE w.shift_id = '{shift_id}' AND u.id = '{sign_up}'",
        "ALTER TABLE sign_up FORCE ROW LEVEL SECURITY",
    )
    return other


async def test_c6_who_serves_elsewhere_is_passed_over_and_the_next_is_offered_the_place(
    activities: Activities, people: list[Volunteer]
) -> None:
    first, busy, third, *_ = people
    shift_id = await shift_at(activities, 9, 11, capacity=1)
    sign_ups = [await one.sign_up(shift_id) for one in (first, busy, third)]
    await serve_elsewhere(activities, busy, shift_id)
    await first.withdraw(sign_ups[0])
    assert await states(activities, shift_id) == ["withdrawn", "waiting", "offered"]
    [(_, offer)] = await told(activities, "SignUpOffered")
    assert (offer["volunteer_id"], offer["sign_up_id"]) == (str(third.id), sign_ups[2])
    assert (await third.accept(sign_ups[2])).json() == {"sign_up_id": sign_ups[2], "state": "confirmed"}
    assert await counts(activities, shift_id) == (1, 1)


async def test_c6_near_the_start_nobody_is_promoted_and_the_leader_is_told(
    activities: Activities, people: list[Volunteer]
) -> None:
    first, second, third, *_ = people
    shift_id = await shift_at(activities, 9, 11, capacity=1)
    sign_ups = [await one.sign_up(shift_id) for one in (first, second, third)]
    await activities.move_shift(shift_id, timedelta(seconds=30))
    await first.withdraw(sign_ups[0])
    assert await states(activities, shift_id) == ["withdrawn", "waiting", "waiting"]
    [(_, left)] = await told(activities, "SignUpWithdrawn")
    assert (left["place_stays_free"], left["is_late"], left["activity_title"]) == (True, True, "社区读书会")

    assert (await third.accept(sign_ups[2])).status_code == 200  # first come, first served
    assert (await second.accept(sign_ups[1])).json()["faults"][0]["code"] == "not_open"
    assert await counts(activities, shift_id) == (1, 1)


@pytest.mark.row(26)
async def test_an_offer_that_is_not_accepted_in_time_goes_to_the_next(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id = await shift_at(activities, 9, 11, capacity=1)
    sign_ups = [await one.sign_up(shift_id) for one in people[:4]]
    await people[0].withdraw(sign_ups[0])
    await deadlines_pass(activities, shift_id)
    assert await states(activities, shift_id) == ["withdrawn", "withdrawn", "offered", "waiting"]
    late = await people[1].accept(sign_ups[1])
    assert late.json()["faults"][0]["code"] == "not_open"
    await people[2].withdraw(sign_ups[2])  # declines
    assert await states(activities, shift_id) == ["withdrawn", "withdrawn", "withdrawn", "offered"]
    reasons = [data["reason"] for _, data in await told(activities, "SignUpWithdrawn")]
    assert reasons == ["given_up", "offer_expired", "offer_declined"]
    lists = [await person.account.get("/v1/me/sign-ups") for person in people[:3]]
    assert [found["items"][0]["answer_by"] is not None for found in lists] == [False, True, False]  # who did not answer
    await people[3].accept(sign_ups[3])
    await deadlines_pass(activities, shift_id)  # what has been answered is not undone
    assert (await states(activities, shift_id))[3] == "confirmed"


async def test_an_offer_says_until_when(activities: Activities, people: list[Volunteer]) -> None:
    shift_id = await shift_at(activities, 9, 11, capacity=1)
    sign_ups = [await one.sign_up(shift_id) for one in people[:2]]
    await people[0].withdraw(sign_ups[0])
    [mine] = (await people[1].account.get("/v1/me/sign-ups"))["items"]
    [(_, offer)] = await told(activities, "SignUpOffered")
    assert mine["state"] == "offered"
    assert mine["answer_by"] == offer["accept_by"]
    await activities.as_owner(
        f"SET app.districts = '{DISTRICT}'",
        "ALTER TABLE sign_up NO FORCE ROW LEVEL SECURITY",
        "UPDATE sign_up SET answer_by = now() WHERE state = 'offered'",
        "ALTER TABLE sign_up FORCE ROW LEVEL SECURITY",
    )
    assert (await people[1].accept(sign_ups[1])).json()["faults"][0]["code"] == "too_late"


async def test_who_has_the_time_again_is_offered_what_stayed_free(
    activities: Activities, people: list[Volunteer]
) -> None:
    first, busy, *_ = people
    wanted, other = await shift_at(activities, 9, 11, capacity=1), await shift_at(activities, 14, 16)
    held = await first.sign_up(wanted)
    await busy.sign_up(wanted)
    elsewhere = await busy.sign_up(other)
    activity = await activities.rows("SELECT activity_id FROM shift WHERE id = :id", id=other)
    moved = {"version": 1, "starts_at": None, "ends_at": None}
    [times] = await activities.rows("SELECT starts_at, ends_at FROM shift WHERE id = :id", id=wanted)
    moved |= {"starts_at": times.starts_at.isoformat(), "ends_at": times.ends_at.isoformat()}
    assert activity
    response = await activities.leader.send("PATCH", f"/v1/shifts/{other}", json=moved)
    assert response.status_code == 200, response.text

    await first.withdraw(held)
    assert await states(activities, wanted) == ["withdrawn", "waiting"]  # holds the other one
    await busy.withdraw(elsewhere)
    await work_off(activities)
    assert await states(activities, wanted) == ["withdrawn", "offered"]


async def group_of(activities: Activities, people: list[Volunteer], shift_id: UUID) -> Any:
    """Sign people up together, as their leader."""
    numbers = [f"V{index + 1}" for index in range(5) if people[0].id]
    body = {"group": numbers[: len(people)]}
    return await activities.leader.send("POST", f"/v1/shifts/{shift_id}/sign-ups", json=body)


@pytest.mark.row(26)
async def test_a_group_stays_together_or_not_at_all(activities: Activities, people: list[Volunteer]) -> None:
    *group, one, two = people
    shift_id = await shift_at(activities, 9, 11, capacity=4)
    sign_ups = [await person.sign_up(shift_id) for person in (one, two)]
    answer = (await group_of(activities, group, shift_id)).json()
    assert [member["state"] for member in answer["group"]] == ["waiting"] * 3  # two places are free
    await one.withdraw(sign_ups[0])
    assert await states(activities, shift_id) == ["withdrawn", "confirmed", "offered", "offered", "offered"]
    assert (await group[1].accept(answer["group"][1]["sign_up_id"])).status_code == 200
    assert await states(activities, shift_id) == ["withdrawn"] + ["confirmed"] * 4
    assert await counts(activities, shift_id) == (4, 0)


async def test_a_group_of_which_one_cannot_come_is_refused_whole(
    activities: Activities, people: list[Volunteer]
) -> None:
    await people[1].sign_up(await shift_at(activities, 10, 12))
    shift_id = await shift_at(activities, 9, 11)
    refused = await group_of(activities, people[:3], shift_id)
    assert refused.status_code == 409
    assert [(fault["field"], fault["code"]) for fault in refused.json()["faults"]] == [("group.1", "overlap")]
    assert await states(activities, shift_id) == []


async def test_one_brings_ones_own_team_mates_and_nobody_else(activities: Activities, people: list[Volunteer]) -> None:
    team = "01900000-0000-7000-8000-0000000000aa"
    async with activities.worker.transaction() as tx:
        await tx.exec_driver_sql(f"UPDATE known_volunteer SET team_id = '{team}' WHERE number IN ('V1', 'V2')")
    shift_id = await shift_at(activities, 9, 11)
    path = f"/v1/shifts/{shift_id}/sign-ups"
    refused = await people[0].account.send("POST", path, json={"group": ["V2", "V3", "V9"]})
    assert [(fault["field"], fault["code"]) for fault in refused.json()["faults"]] == [
        ("group.1", "forbidden"),
        ("group.2", "unknown_reference"),
    ]
    together = await people[0].account.send("POST", path, json={"group": ["V2"]})
    assert [member["state"] for member in together.json()["group"]] == ["confirmed"] * 2


@pytest.mark.row(29)
async def test_late_withdrawals_are_counted_until_a_leader_excuses_them(
    activities: Activities, people: list[Volunteer]
) -> None:
    one, other = people[:2]
    early, late = await shift_at(activities, 9, 11), await shift_at(activities, 14, 16)
    await one.withdraw(await one.sign_up(early))
    sign_up = await one.sign_up(late)
    await activities.move_shift(late, 5 * HOUR)
    await one.withdraw(sign_up)
    path = f"/v1/volunteers/{one.id}/absences"
    assert (await one.account.get(path))["late_withdrawals"] == 1
    assert (await other.account.send("GET", path)).status_code == 404
    excuse = f"/v1/sign-ups/{sign_up}/excuse"
    assert (await activities.leader.send("POST", excuse, json={"reason": ""})).status_code == 422
    for _ in range(2):
        assert (await activities.leader.send("POST", excuse, json={"reason": "有医院证明"})).status_code == 204
    assert (await one.account.get(path))["late_withdrawals"] == 0
    assert len(await told(activities, "AbsenceExcused")) == 1
