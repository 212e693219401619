"""Complaints of people who run such systems (cases.md): forgotten check-outs, hours never served, mistaken taps."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.activities.attendance.forgotten import FORGOTTEN_CHECK_OUTS
from shared.store.event_log import now
from tests.integration.activities.attendance.test_attendance import (
    HOUR,
    MINUTE,
    Place,
    came,
    fault_of,
    leave,
    signed_up,
)
from tests.integration.activities.conftest import Account, Activities, in_turn
from tests.integration.activities.records.test_record_import import ACCEPTED, line, take_in, told
from tests.support.errands import worker
from tests.support.eventually import eventually, running


async def volunteer_of(activities: Activities) -> Account:
    await activities.know_station()
    return activities.volunteer((await activities.know_volunteers(1))[0])


async def let_the_clock_strike(activities: Activities) -> None:
    """Let time pass until the shift's forgotten check-outs are looked for, and have that done."""
    async with activities.worker.transaction() as tx:
        await tx.execute(text("UPDATE work SET due_at = now() - interval '1 minute'"))

    async def nothing_is_due() -> bool:
        (row,) = await activities.rows("SELECT count(*) AS due FROM work WHERE due_at < now()")
        return bool(row.due == 0)

    async with running(worker(activities.worker, FORGOTTEN_CHECK_OUTS).run):
        await eventually(nothing_is_due)


def iso(offset: timedelta) -> str:
    return (now() + offset).isoformat(timespec="seconds")


async def state_of(activities: Activities, place: Place) -> str:
    (row,) = await activities.rows("SELECT state FROM sign_up WHERE id = :id", id=place.sign_up_id)
    return str(row.state)


async def test_c2_a_forgotten_check_out_refuses_neither_the_next_check_in_nor_an_import(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    first = await signed_up(activities, volunteer, starts_in=-MINUTE, lasts=2 * MINUTE)
    second = await signed_up(activities, volunteer, starts_in=-MINUTE, lasts=2 * HOUR)
    await activities.check_in(volunteer, first.shift_id)
    await activities.move_shift(first.shift_id, -5 * MINUTE, lasts=2 * MINUTE)  # it is over; nobody checked out

    imported = await take_in(activities, [line(1, started_at=iso(-3 * MINUTE), ended_at=iso(-MINUTE), minutes="2")])
    assert told(imported) == [ACCEPTED]
    await activities.check_in(volunteer, second.shift_id)
    assert await state_of(activities, first) == "attending"


async def test_c2_by_the_list_of_the_second_shift_s_manager_too(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    first = await signed_up(activities, volunteer, starts_in=-MINUTE, lasts=2 * MINUTE)
    second = await signed_up(activities, volunteer, starts_in=-MINUTE, lasts=2 * HOUR)
    await in_turn([activities.manager], f"{first.path}/check-in")
    await activities.move_shift(first.shift_id, -5 * MINUTE, lasts=2 * MINUTE)
    await in_turn([activities.manager], f"{second.path}/check-in")


@pytest.mark.row(33)
async def test_c2_the_clock_flags_who_forgot_and_credits_nothing(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    await activities.check_in(volunteer, place.shift_id)
    await let_the_clock_strike(activities)
    assert await state_of(activities, place) == "attending"  # the shift is not over: later

    await activities.move_shift(place.shift_id, -3 * HOUR, lasts=2 * HOUR)
    await let_the_clock_strike(activities)
    assert await state_of(activities, place) == "missing_check_out"
    (event,) = await activities.events("CheckOutMissed")
    assert event["sign_up_id"] == place.sign_up_id
    assert await activities.events("ServiceLogged") == []
    assert await activities.rows("SELECT id FROM work") == []
    assert (await leave(volunteer, place))["state"] == "missing_check_out"


async def test_c2_a_moved_shift_is_looked_at_when_it_is_over(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    await activities.check_in(volunteer, place.shift_id)
    await activities.move_shift(place.shift_id, 5 * HOUR)
    await let_the_clock_strike(activities)
    (work,) = await activities.rows("SELECT due_at, state FROM work")
    assert work.state == "open"
    assert timedelta(hours=7) < work.due_at - now() < timedelta(hours=8)


async def test_c3_who_comes_early_and_leaves_late_is_credited_the_shift(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer, starts_in=29 * MINUTE, lasts=2 * MINUTE)
    await activities.check_in(volunteer, place.shift_id)
    await activities.move_shift(place.shift_id, -20 * MINUTE, lasts=2 * MINUTE)
    await came(activities, place, 49 * MINUTE)
    left = await leave(volunteer, place)
    assert (left["minutes"], left["state"]) == (2, "completed")
    (event,) = await activities.events("ServiceLogged")
    assert event["minutes"] == 2


@pytest.mark.row(33)
async def test_c3_who_checks_out_the_next_day_is_flagged_not_credited(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    await activities.check_in(volunteer, place.shift_id)
    await activities.move_shift(place.shift_id, -26 * HOUR, lasts=2 * HOUR)
    await came(activities, place, 26 * HOUR)
    for _ in range(2):
        left = await leave(volunteer, place)
        assert (left["state"], left["minutes"], left["record"]) == ("missing_check_out", 0, None)
    assert len(await activities.events("CheckOutMissed")) == 1
    assert await activities.events("ServiceLogged") == []


async def test_c4_a_mistaken_check_out_is_taken_back_and_the_attendance_goes_on(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer, starts_in=-HOUR)
    await activities.check_in(volunteer, place.shift_id)
    tapped = await leave(volunteer, place)
    assert (tapped["minutes"], tapped["record"]) == (0, None)
    undone = await volunteer.send("POST", f"{place.path}/undo")
    assert undone.json() == {"sign_up_id": place.sign_up_id, "undone": "check_out", "state": "attending"}
    await came(activities, place, 50 * MINUTE)
    assert (await leave(volunteer, place))["minutes"] == 50


async def test_c4_a_check_out_that_was_credited_is_taken_back_too(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer, starts_in=-HOUR)
    await activities.check_in(volunteer, place.shift_id)
    await came(activities, place, 5 * MINUTE)
    assert (await leave(volunteer, place))["minutes"] == 5
    assert await fault_of(volunteer, f"{place.path}/undo") is None
    (item,) = (await volunteer.get("/v1/service-records"))["items"]
    assert item["minutes"] == 0
    await came(activities, place, 55 * MINUTE)
    assert (await leave(volunteer, place))["minutes"] == 55
    (item,) = (await volunteer.get("/v1/service-records"))["items"]
    assert (item["minutes"], item["version"]) == (55, 3)
    changes = [(event["previous_minutes"], event["minutes"]) for event in await activities.events("ServiceCorrected")]
    assert changes == [(5, 0), (0, 55)]


async def test_c4_a_mistaken_check_in_is_taken_back(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    await activities.check_in(volunteer, place.shift_id)
    assert await fault_of(volunteer, f"{place.path}/undo") is None
    assert await state_of(activities, place) == "confirmed"
    assert await fault_of(volunteer, f"{place.path}/undo") == "not_open"
    assert [event["undone"] for event in await activities.events("CheckUndone")] == ["check_in"]
    await in_turn([activities.leader], f"{place.path}/check-in")


async def test_c4_the_volunteer_takes_back_their_own_taps_for_five_minutes_and_a_leader_any(
    activities: Activities,
) -> None:
    volunteer = await volunteer_of(activities)
    stranger = activities.volunteer((await activities.know_volunteers(1))[0])
    place = await signed_up(activities, volunteer)
    await activities.check_in(volunteer, place.shift_id)
    await came(activities, place, 6 * MINUTE)
    assert await fault_of(stranger, f"{place.path}/undo") == "not_found"
    assert await fault_of(volunteer, f"{place.path}/undo") == "too_late"
    assert await fault_of(activities.leader, f"{place.path}/undo") is None
    await in_turn([activities.leader], f"{place.path}/check-in")
    assert await fault_of(volunteer, f"{place.path}/undo") == "forbidden"
