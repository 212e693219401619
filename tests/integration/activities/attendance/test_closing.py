"""A shift is closed: what is missing is named, who did not come is counted, and it can be opened again."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.actor import Role
from shared.store.event_log import now
from tests.integration.activities.attendance.test_attendance import HOUR, MINUTE, Place, came
from tests.integration.activities.conftest import Activities, in_turn


async def shift_of(activities: Activities, count: int) -> tuple[UUID, list[Place]]:
    """Have so many volunteers on a shift of two hours that began 90 minutes ago."""
    await activities.know_station()
    volunteers = [activities.volunteer(each) for each in await activities.know_volunteers(count)]
    shift_id = await activities.shift()
    answers = await in_turn(volunteers, f"/v1/shifts/{shift_id}/sign-ups")
    await activities.move_shift(shift_id, -90 * MINUTE)
    return shift_id, [Place(shift_id, answer["sign_up_id"]) for answer in answers]


async def serve(activities: Activities, place: Place, minutes: int | None) -> None:
    """Have somebody come as long ago, and leave; with None never leave."""
    await in_turn([activities.leader], f"{place.path}/check-in")
    await came(activities, place, (minutes or 60) * MINUTE)
    if minutes is not None:
        await in_turn([activities.leader], f"{place.path}/check-out")


async def close(activities: Activities, shift_id: UUID, *entries: dict[str, Any], status: int = 200) -> Any:
    response = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/close", json={"entries": list(entries)})
    assert response.status_code == status, response.text
    return response.json()


def faults(problem: Any) -> list[tuple[str, str]]:
    return [(fault["field"], fault["code"]) for fault in problem["faults"]]


@pytest.mark.row(29)
async def test_closing_names_what_is_missing_and_counts_who_did_not_come(activities: Activities) -> None:
    shift_id, (served, forgot, absent) = await shift_of(activities, 3)
    await serve(activities, served, 60)
    await serve(activities, forgot, None)
    assert faults(await close(activities, shift_id, status=422)) == [("shift_id", "too_early")]
    await activities.move_shift(shift_id, -150 * MINUTE)

    listed = await activities.leader.get(f"/v1/shifts/{shift_id}/closing")
    assert listed["missing"] == 1
    assert [(item["sign_up_id"], item["missing"], item["minutes"]) for item in listed["items"]] == [
        (forgot.sign_up_id, True, 0),
        (served.sign_up_id, False, 60),
        (absent.sign_up_id, False, 0),
    ]
    missing = await close(activities, shift_id, status=422)
    assert faults(missing) == [(f"entries.{forgot.sign_up_id}", "missing")]
    assert await activities.events("ShiftMissed") == []

    entry = {"sign_up_id": forgot.sign_up_id, "ended_at": (now() - 40 * MINUTE).isoformat(), "break_minutes": 5}
    first = await close(activities, shift_id, entry)
    assert (first["served"], first["missed"], first["minutes"]) == (2, 1, 75)
    assert await close(activities, shift_id) == first
    assert faults(await close(activities, shift_id, entry, status=409)) == [("shift_id", "not_open")]
    (closed,) = await activities.events("ShiftClosed")
    assert (closed["served"], closed["missed"], closed["minutes"]) == (2, 1, 75)
    assert [event["sign_up_id"] for event in await activities.events("ShiftMissed")] == [absent.sign_up_id]
    assert [event["minutes"] for event in await activities.events("ServiceLogged")] == [60, 15]


async def test_more_than_the_rules_give_is_confirmed_with_a_reason_alone(activities: Activities) -> None:
    shift_id, (place, walked_by) = await shift_of(activities, 2)
    await serve(activities, place, 5)
    await activities.move_shift(shift_id, -3 * HOUR)
    start, end = now() - 190 * MINUTE, now() - 50 * MINUTE
    times = {"started_at": start.isoformat(), "ended_at": end.isoformat()}
    entries = [{"sign_up_id": each.sign_up_id, **times} for each in (place, walked_by)]
    refused = await close(activities, shift_id, *entries, status=422)
    assert set(faults(refused)) == {(f"entries.{each.sign_up_id}.reason", "missing") for each in (place, walked_by)}
    closed = await close(activities, shift_id, *({**entry, "reason": "提前布置"} for entry in entries))
    assert (closed["served"], closed["missed"], closed["minutes"]) == (2, 0, 280)
    (correction,) = await activities.events("ServiceCorrected")
    assert (correction["previous_minutes"], correction["minutes"], correction["reason"]) == (5, 140, "提前布置")
    provenances = [event["provenance"] for event in await activities.events("ServiceLogged")]
    assert provenances == ["leader", "leader"]


async def test_the_list_says_what_counts_of_what_was_tapped(activities: Activities) -> None:
    shift_id, (early, forgot, absent) = await shift_of(activities, 3)
    await serve(activities, early, 110)  # came 20 minutes before the start, and left
    await serve(activities, forgot, None)
    [shift] = await activities.rows("SELECT starts_at, ends_at FROM shift")
    items = (await activities.leader.get(f"/v1/shifts/{shift_id}/closing"))["items"]
    found = {item["sign_up_id"]: (_read(item["counts_from"]), _read(item["counts_until"])) for item in items}
    left = {item["sign_up_id"]: _read(item["checked_out_at"]) for item in items}
    came_at = {item["sign_up_id"]: _read(item["checked_in_at"]) for item in items}
    assert found[early.sign_up_id] == (shift.starts_at, left[early.sign_up_id])
    assert found[forgot.sign_up_id] == (came_at[forgot.sign_up_id], None)
    assert found[absent.sign_up_id] == (None, None)
    await activities.move_shift(shift_id, -150 * MINUTE)
    items = (await activities.leader.get(f"/v1/shifts/{shift_id}/closing"))["items"]
    [shift] = await activities.rows("SELECT starts_at, ends_at FROM shift")
    assert (
        _read(next(item["counts_until"] for item in items if item["sign_up_id"] == early.sign_up_id)) == shift.ends_at
    )


async def test_less_than_the_rules_give_wants_a_reason_too(activities: Activities) -> None:
    shift_id, (place,) = await shift_of(activities, 1)
    await serve(activities, place, 60)
    await activities.move_shift(shift_id, -150 * MINUTE)
    entry = {"sign_up_id": place.sign_up_id, "ended_at": (now() - 45 * MINUTE).isoformat()}
    assert faults(await close(activities, shift_id, entry, status=422)) == [
        (f"entries.{place.sign_up_id}.reason", "missing")
    ]
    assert (await close(activities, shift_id, {**entry, "reason": "提前离开"}))["minutes"] == 15


def _read(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None


async def test_what_is_wrong_with_entries_is_told_at_once_and_nothing_is_done(activities: Activities) -> None:
    shift_id, (one, two, three) = await shift_of(activities, 3)
    for place in (one, two):
        await serve(activities, place, None)
    await activities.move_shift(shift_id, -3 * HOUR)
    before = len(await activities.events())
    problem = await close(
        activities,
        shift_id,
        {"sign_up_id": one.sign_up_id, "ended_at": (now() + HOUR).isoformat()},
        {"sign_up_id": two.sign_up_id, "ended_at": (now() - 50 * MINUTE).isoformat(), "break_minutes": 600},
        {"sign_up_id": three.sign_up_id, "ended_at": now().isoformat()},
        {"sign_up_id": str(UUID(int=7)), "no_show": True},
        status=404,
    )
    assert set(faults(problem)) == {
        (f"entries.{UUID(int=7)}", "not_found"),
        (f"entries.{one.sign_up_id}.ended_at", "in_future"),
        (f"entries.{two.sign_up_id}.break_minutes", "out_of_range"),
        (f"entries.{three.sign_up_id}.started_at", "missing"),
    }
    assert len(await activities.events()) == before


async def test_a_no_show_is_reversed_by_opening_the_shift_again(activities: Activities) -> None:
    shift_id, (came_late, excused) = await shift_of(activities, 2)
    await activities.move_shift(shift_id, -3 * HOUR)
    assert (await close(activities, shift_id))["missed"] == 2
    (whose,) = await activities.rows(f"SELECT volunteer_id FROM sign_up WHERE id = '{excused.sign_up_id}'")
    volunteer = activities.volunteer(whose.volunteer_id)
    (missed,) = (await volunteer.get("/v1/me/sign-ups"))["items"]
    assert (missed["state"], missed["absence"]) == ("confirmed", "no_show")
    path = f"/v1/shifts/{shift_id}/reopen"
    assert (await activities.leader.send("POST", path, json={})).status_code == 422
    reopened = await activities.leader.send("POST", path, json={"reason": "漏记一人"})
    assert reopened.json() == {"shift_id": str(shift_id), "closed_at": None}
    assert (await activities.leader.send("POST", path, json={"reason": "再来"})).status_code == 409
    times = {"started_at": (now() - 2 * HOUR).isoformat(), "ended_at": (now() - 70 * MINUTE).isoformat()}
    closed = await close(
        activities,
        shift_id,
        {"sign_up_id": came_late.sign_up_id, **times, "reason": "签到表在册"},
        {"sign_up_id": excused.sign_up_id, "no_show": False, "reason": "公交停运"},
    )
    assert (closed["served"], closed["missed"], closed["minutes"]) == (1, 0, 50)
    (again,) = (await volunteer.get("/v1/me/sign-ups"))["items"]
    assert again["absence"] is None
    told = await activities.events("AbsenceExcused")
    assert [event["activity_title"] for event in told] == [missed["title"]] * 2
    assert [event["reason"] for event in await activities.events("ShiftReopened")] == ["漏记一人"]
    for row in await activities.rows(
        """SELECT u.version, array_agg(e.aggregate_version ORDER BY e.position) AS told
           FROM sign_up u JOIN event_log e ON e.aggregate_id = u.id GROUP BY u.id, u.version"""
    ):
        assert row.told == list(range(1, row.version + 1))


async def test_who_was_checked_in_by_mistake_is_a_no_show_and_what_was_credited_is_voided(
    activities: Activities,
) -> None:
    shift_id, (place,) = await shift_of(activities, 1)
    await serve(activities, place, 30)
    await activities.move_shift(shift_id, -3 * HOUR)
    entry = {"sign_up_id": place.sign_up_id, "no_show": True}
    assert faults(await close(activities, shift_id, entry, status=422)) == [
        (f"entries.{place.sign_up_id}.reason", "missing")
    ]
    closed = await close(activities, shift_id, {**entry, "reason": "点错了人"})
    assert (closed["served"], closed["missed"], closed["minutes"]) == (0, 1, 0)


async def test_a_closed_shift_is_closed_for_taps_too(activities: Activities) -> None:
    shift_id, (place,) = await shift_of(activities, 1)
    await serve(activities, place, 30)
    await activities.move_shift(shift_id, -150 * MINUTE)
    await close(activities, shift_id)
    undone = await activities.leader.send("POST", f"{place.path}/undo")
    assert undone.json()["faults"][0]["code"] == "not_open"


async def test_who_staffs_another_activity_closes_nothing(activities: Activities) -> None:
    shift_id, _ = await shift_of(activities, 1)
    await activities.move_shift(shift_id, -3 * HOUR)
    elsewhere = await activities.know_station("510115-STA-02")
    for stranger in (activities.account(Role.TEAM_LEADER), activities.account(Role.STATION_MANAGER, units=[elsewhere])):
        for method, step in (("GET", "closing"), ("POST", "close"), ("POST", "reopen")):
            body = None if method == "GET" else {"reason": "x"}
            answer = await stranger.send(method, f"/v1/shifts/{shift_id}/{step}", json=body)
            assert answer.status_code == 404
    assert await activities.events("ShiftClosed") == []


@pytest.mark.row(48)
async def test_an_organiser_rates_services_when_the_shift_is_closed_and_may_think_again(activities: Activities) -> None:
    shift_id, (good, forgot, absent) = await shift_of(activities, 3)
    await serve(activities, good, 60)
    await serve(activities, forgot, None)
    await activities.move_shift(shift_id, -150 * MINUTE)
    ended_at = (now() - 40 * MINUTE).isoformat()
    await close(
        activities,
        shift_id,
        {"sign_up_id": good.sign_up_id, "rating": 5},
        {"sign_up_id": forgot.sign_up_id, "ended_at": ended_at, "rating": 3},
        {"sign_up_id": absent.sign_up_id, "rating": 1},
    )
    records = {event["record_id"]: event["minutes"] for event in await activities.events("ServiceLogged")}
    rated = [(records[event["record_id"]], event["rating"]) for event in await activities.events("ServiceRated")]
    assert sorted(rated) == [(20, 3), (60, 5)], "who was not there has no service to rate"
    listed = await activities.leader.get(f"/v1/shifts/{shift_id}/closing")
    assert {item["sign_up_id"]: item["rating"] for item in listed["items"]} == {
        good.sign_up_id: 5,
        forgot.sign_up_id: 3,
        absent.sign_up_id: None,
    }

    reopened = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/reopen", json={"reason": "再看一遍"})
    assert reopened.status_code == 200
    again = [{"sign_up_id": good.sign_up_id, "rating": 4}, {"sign_up_id": forgot.sign_up_id, "rating": 3}]
    await close(activities, shift_id, *again)
    assert [event["rating"] for event in await activities.events("ServiceRated")][2:] == [4], "the same is told once"
    out_of_range = {"sign_up_id": good.sign_up_id, "rating": 6}
    await close(activities, shift_id, out_of_range, status=422)
