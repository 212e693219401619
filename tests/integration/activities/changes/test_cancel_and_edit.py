"""Case C5: published with the wrong day or capacity, three people signed up. Cancel, move, change; all are told."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.activities.conftest import Account, Activities
from tests.integration.activities.shifts import (
    DAY,
    HOUR,
    Volunteer,
    between,
    counts,
    deadlines_pass,
    shift_at,
    states,
    told,
    volunteers,
)


@pytest.fixture
async def people(activities: Activities) -> list[Volunteer]:
    return await volunteers(activities, 5)


async def activity_of(activities: Activities, shift_id: UUID) -> tuple[str, int]:
    """Return the activity of a shift, and its version."""
    [row] = await activities.rows(
        "SELECT a.id, a.version FROM activity a JOIN shift s ON s.activity_id = a.id WHERE s.id = :id", id=shift_id
    )
    return str(row.id), row.version


async def change(activities: Activities, shift_id: UUID, **changes: Any) -> Any:
    """Change a shift as the leader who has just looked at it."""
    _, version = await activity_of(activities, shift_id)
    return await activities.leader.send("PATCH", f"/v1/shifts/{shift_id}", json={"version": version, **changes})


def code(response: Any) -> str:
    return str(response.json()["faults"][0]["code"])


async def test_c5_a_cancelled_shift_is_told_to_all_on_it_and_frees_their_calendars(
    activities: Activities, people: list[Volunteer]
) -> None:
    first, second, third, *_ = people
    shift_id = await shift_at(activities, 9, 11, capacity=2)
    signed_up = [await one.sign_up(shift_id) for one in (first, second, third)]

    for _ in range(2):  # the second time changes nothing
        response = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/cancel", json={"reason": "暴雨预警"})
        assert response.status_code == 204, response.text
    events = await told(activities, "ShiftCancelled", "SignUpCancelled")
    assert [name for name, _ in events] == ["ShiftCancelled"] + ["SignUpCancelled"] * 3
    assert [data["volunteer_id"] for _, data in events[1:]] == [str(one.id) for one in (first, second, third)]
    assert {(data["reason"], data["cause"]) for _, data in events[1:]} == {("暴雨预警", "shift_cancelled")}
    assert await states(activities, shift_id) == ["cancelled"] * 3
    assert await counts(activities, shift_id) == (0, 0)

    await first.sign_up(await shift_at(activities, 10, 12))  # the time is free again
    assert code(await people[3].ask(shift_id)) == "not_open"
    await activities.move_shift(shift_id, -HOUR)
    check_in = await activities.leader.send("POST", f"/v1/sign-ups/{signed_up[0]}/check-in")
    assert code(check_in) == "not_open"  # earns no hours
    assert shift_id not in [s["id"] for a in (await first.account.get("/v1/activities"))["items"] for s in a["shifts"]]


async def test_c5_a_cancelled_activity_cancels_every_shift_to_come(
    activities: Activities, people: list[Volunteer]
) -> None:
    shifts = [{**between(9, 11), "capacity": 5}, {**between(13, 15), "capacity": 5}]
    published = await activities.publish(shifts=shifts)
    begun, to_come = (UUID(shift_id) for shift_id in published["shift_ids"])
    here, there = await people[0].sign_up(begun), await people[0].sign_up(to_come)
    await activities.move_shift(begun, -HOUR)
    path = f"/v1/activities/{published['id']}"
    for _ in range(2):
        assert (await activities.leader.send("POST", f"{path}/cancel", json={"reason": "停办"})).status_code == 204
    [(_, event)] = await told(activities, "ActivityCancelled")
    assert event["shift_ids"] == [str(to_come)]
    assert [data["sign_up_id"] for _, data in await told(activities, "SignUpCancelled")] == [there]
    assert await states(activities, begun) == ["confirmed"]
    assert here != there
    edited = await activities.leader.send("PATCH", path, json={"version": event and 2, "title": "又办"})
    assert code(edited) == "not_open"


async def test_c5_a_moved_shift_asks_those_with_a_place_again(activities: Activities, people: list[Volunteer]) -> None:
    comes, leaves, silent, waits, _ = people
    shift_id = await shift_at(activities, 9, 11, capacity=3)
    sign_ups = {one.id: await one.sign_up(shift_id) for one in (comes, leaves, silent, waits)}

    assert (await change(activities, shift_id, **between(14, 16))).status_code == 200
    assert await states(activities, shift_id) == ["asked_again"] * 3 + ["waiting"]
    [(_, moved)] = await told(activities, "ShiftMoved")
    assert moved["waiting_ids"] == [str(waits.id)]
    asked = [data for _, data in await told(activities, "SignUpAskedAgain")]
    assert [data["volunteer_id"] for data in asked] == [str(one.id) for one in (comes, leaves, silent)]
    assert moved["starts_at"] == asked[0]["starts_at"] == (DAY + 14 * HOUR).isoformat().replace("+00:00", "Z")

    for _ in range(2):
        assert (await comes.accept(sign_ups[comes.id])).json()["state"] == "confirmed"
    await leaves.withdraw(sign_ups[leaves.id])
    assert await states(activities, shift_id) == ["confirmed", "withdrawn", "asked_again", "offered"]
    await waits.accept(sign_ups[waits.id])
    await deadlines_pass(activities, shift_id)
    assert await states(activities, shift_id) == ["confirmed", "withdrawn", "withdrawn", "confirmed"]
    left = [(data["reason"], data["is_late"]) for _, data in await told(activities, "SignUpWithdrawn")]
    assert left == [("given_up", False), ("not_agreed", False)]
    assert await counts(activities, shift_id) == (2, 0)


async def test_moved_times_cannot_be_agreed_to_by_who_has_something_else_then(
    activities: Activities, people: list[Volunteer]
) -> None:
    one = people[0]
    shift_id, other = await shift_at(activities, 9, 11), await shift_at(activities, 14, 16, "社区义诊")
    sign_up, elsewhere = await one.sign_up(shift_id), await one.sign_up(other)
    await change(activities, shift_id, **between(15, 17))
    refused = await one.accept(sign_up)
    assert (refused.status_code, code(refused)) == (409, "overlap")
    assert refused.json()["faults"][0]["other"]["title"] == "社区义诊"
    await one.withdraw(elsewhere)
    assert (await one.accept(sign_up)).status_code == 200


async def test_c5_more_places_are_offered_in_order_and_fewer_than_are_held_are_refused(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id = await shift_at(activities, 9, 11, capacity=2)
    sign_ups = [await one.sign_up(shift_id) for one in people]
    assert (await change(activities, shift_id, capacity=4)).status_code == 200
    assert await states(activities, shift_id) == ["confirmed", "confirmed", "offered", "offered", "waiting"]

    refused = await change(activities, shift_id, capacity=2)
    assert (refused.status_code, code(refused)) == (409, "below_confirmed")
    assert code(await change(activities, shift_id, capacity=3, leaving=[str(shift_id)])) == "unknown_reference"
    fewer = await change(activities, shift_id, capacity=2, leaving=[sign_ups[0], sign_ups[2]])
    assert fewer.status_code == 200, fewer.text
    assert await states(activities, shift_id) == ["cancelled", "confirmed", "cancelled", "offered", "waiting"]
    assert await counts(activities, shift_id) == (2, 1)
    lost = [(data["sign_up_id"], data["cause"]) for _, data in await told(activities, "SignUpCancelled")]
    assert lost == [(sign_ups[0], "fewer_places"), (sign_ups[2], "fewer_places")]


async def test_new_text_is_told_to_those_concerned_and_a_second_editor_is_told(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id = await shift_at(activities, 9, 11, capacity=1)
    for one in people[:2]:
        await one.sign_up(shift_id)
    activity_id, version = await activity_of(activities, shift_id)
    path, leader = f"/v1/activities/{activity_id}", activities.leader
    edit = {"version": version, "place": "新华社区二楼 13800000000", "person_in_charge": "李站长 13800000000"}
    changed = (await leader.send("PATCH", path, json=edit)).json()
    assert changed == {"id": activity_id, "version": version + 1}
    [(_, event)] = await told(activities, "ActivityChanged")
    assert event["changed"] == ["place"]
    assert sorted(event["volunteer_ids"]) == sorted(str(one.id) for one in people[:2])
    assert event["person_in_charge"] == "李站长 …"

    second = await leader.send("PATCH", path, json={"version": version, "title": "别的"})
    assert (second.status_code, code(second)) == (409, "changed_meanwhile")
    assert code(await leader.send("PATCH", path, json={"version": version + 1, "title": ""})) == "missing"
    shown = await people[0].account.send("GET", path)
    assert (shown.headers["ETag"], shown.json()["place"]) == (f'"{version + 1}"', "新华社区二楼 13800000000")


async def test_a_shift_is_added_and_open_at_once(activities: Activities, people: list[Volunteer]) -> None:
    activity_id, _ = await activity_of(activities, await shift_at(activities, 9, 11))
    path = f"/v1/activities/{activity_id}/shifts"
    added = await activities.leader.send("POST", path, json={**between(13, 15), "capacity": 1})
    assert added.status_code == 201, added.text
    await people[0].sign_up(UUID(added.json()["id"]))
    [(_, event)] = await told(activities, "ShiftAdded")
    assert event["shift"]["capacity"] == 1
    assert code(await activities.leader.send("POST", path, json={**between(15, 13), "capacity": 1})) == (
        "end_before_start"
    )


async def test_what_has_begun_is_neither_moved_nor_cancelled(activities: Activities, people: list[Volunteer]) -> None:
    shift_id = await shift_at(activities, 9, 11)
    await people[0].sign_up(shift_id)
    await activities.move_shift(shift_id, -HOUR)
    assert code(await change(activities, shift_id, capacity=30)) == "too_late"
    cancelled = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/cancel", json={"reason": "停办"})
    assert code(cancelled) == "too_late"


@pytest.mark.parametrize("who", ["stranger", "volunteer"])
async def test_only_who_staffs_an_activity_changes_it(
    activities: Activities, people: list[Volunteer], who: str
) -> None:
    shift_id = await shift_at(activities, 9, 11)
    account: Account = activities.account("team_leader") if who == "stranger" else people[0].account
    expected = 404 if who == "stranger" else 403
    for method, path, body in (
        ("PATCH", f"/v1/shifts/{shift_id}", {"version": 1, "capacity": 1}),
        ("POST", f"/v1/shifts/{shift_id}/cancel", {"reason": "x"}),
    ):
        assert (await account.send(method, path, json=body)).status_code == expected
