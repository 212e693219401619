"""Check-in with the code that the wall of the place shows: QR, six digits, who is admitted, and guesses."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.contracts.actor import Role
from shared.store.event_log import now
from tests.integration.activities.attendance.test_attendance import MINUTE, came, fault_of, leave, signed_up
from tests.integration.activities.conftest import DISTRICT, OTHER_DISTRICT, Account, Activities, in_turn


async def wall(activities: Activities, shift_id: UUID) -> Any:
    return await activities.leader.get(f"/v1/shifts/{shift_id}/code")


async def volunteer_of(activities: Activities) -> Account:
    await activities.know_station()
    return activities.volunteer((await activities.know_volunteers(1))[0])


def later(seconds: float) -> Any:
    """Let the service's clock be ahead."""
    return patch("services.activities.attendance.by_code.now", lambda: now() + timedelta(seconds=seconds))


async def test_the_wall_shows_a_code_that_changes_and_how_many_have_come(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    first = await wall(activities, place.shift_id)
    assert (first["present"], first["confirmed"], first["capacity"]) == (0, 1, 20)
    assert first["server_time"] < first["qr_valid_until"] <= first["digits_valid_until"]
    with later(60):
        second = await wall(activities, place.shift_id)
    assert second["qr_token"] != first["qr_token"]
    await activities.check_in(volunteer, place.shift_id)
    assert (await wall(activities, place.shift_id))["present"] == 1
    async with activities.stores[0].transaction(DISTRICT) as tx:
        secret = await tx.scalar(text("SELECT secret FROM shift_code"))
    assert len(secret) == 12 + 20 + 16  # nonce, secret, tag


@pytest.mark.row(31)
async def test_what_the_qr_opens_changes_nothing_until_it_is_confirmed(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    token = (await wall(activities, place.shift_id))["qr_token"]
    shown = await volunteer.get(f"/v1/check-ins/{token}")
    assert (shown["title"], shown["state"], shown["free_places"]) == ("社区读书会", "confirmed", 19)
    (stranger,) = [activities.volunteer(each) for each in await activities.know_volunteers(1)]
    assert (await stranger.get(f"/v1/check-ins/{token}"))["state"] is None
    assert await activities.events("VolunteerCheckedIn") == []
    await activities.check_in(volunteer, place.shift_id)
    assert (await volunteer.get(f"/v1/check-ins/{token}"))["checked_in_at"]


@pytest.mark.row(31)
async def test_six_digits_check_in_once_and_out_with_the_next(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer, starts_in=-10 * MINUTE)
    code = {"shift_id": str(place.shift_id), "digits": (await wall(activities, place.shift_id))["digits"]}
    assert await fault_of(volunteer, "/v1/check-ins", **code, inside=True) is None
    assert await fault_of(volunteer, "/v1/check-outs", **code) == "code_used"
    await came(activities, place, 5 * MINUTE)
    with later(61):
        code["digits"] = (await wall(activities, place.shift_id))["digits"]
        left = await volunteer.send("POST", "/v1/check-outs", json=code)
    assert left.json()["minutes"] == 5
    (row,) = await activities.rows("SELECT inside FROM sign_up")
    assert row.inside is True


async def test_a_code_two_steps_old_is_told_to_be_scanned_again(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    token = (await wall(activities, place.shift_id))["qr_token"]
    with later(90):
        assert await fault_of(volunteer, "/v1/check-ins", token=token) == "expired"
        assert (await volunteer.send("GET", f"/v1/check-ins/{token}")).json()["faults"][0]["code"] == "expired"
    assert await fault_of(volunteer, "/v1/check-ins", token=token) is None


async def test_a_code_of_another_district_or_of_nothing_opens_nothing(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    token = (await wall(activities, place.shift_id))["qr_token"]
    elsewhere = activities.account(Role.VOLUNTEER, volunteer_id=UUID(int=1), district=OTHER_DISTRICT)
    assert await fault_of(elsewhere, "/v1/check-ins", token=token) == "other_district"
    assert await fault_of(volunteer, "/v1/check-ins", token="AAAA") == "wrong_check_in_code"
    assert await fault_of(volunteer, "/v1/check-ins", inside=True) == "missing"
    without = await volunteer.send("POST", "/v1/check-ins", json={"shift_id": str(place.shift_id), "digits": ""})
    assert [(fault["field"], fault["code"]) for fault in without.json()["faults"]] == [("digits", "missing")]


async def test_guesses_are_counted_for_each_person_whatever_comes_of_them(activities: Activities) -> None:
    await activities.know_station()
    one, two = [activities.volunteer(each) for each in await activities.know_volunteers(2)]
    shift_id = await activities.shift()
    await in_turn([one, two], f"/v1/shifts/{shift_id}/sign-ups")
    await activities.move_shift(shift_id, 10 * MINUTE)
    digits = (await wall(activities, shift_id))["digits"]
    wrong = {"shift_id": str(shift_id), "digits": f"{(int(digits) + 500_000) % 1_000_000:06d}"}
    answers = [await one.send("POST", "/v1/check-ins", json=wrong) for _ in range(5)]
    assert [answer.json()["left"] for answer in answers] == [4, 3, 2, 1, 0]
    right = {**wrong, "digits": digits}
    refused = await one.send("POST", "/v1/check-ins", json=right)
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (429, "too_often")
    assert refused.json()["again_at"] > now().isoformat()
    assert await fault_of(two, "/v1/check-ins", **right) is None
    await activities.check_in(one, shift_id)  # a scan is no guess


async def test_who_comes_without_having_signed_up_is_admitted_where_a_place_is_left(activities: Activities) -> None:
    await activities.know_station()
    first, second = await activities.know_volunteers(2)
    shift_id = await activities.shift(capacity=1)
    path = f"/v1/shifts/{shift_id}/walk-ins"
    assert await fault_of(activities.leader, path, volunteer_number="V1") == "too_early"
    await activities.move_shift(shift_id, 10 * MINUTE)
    assert await fault_of(activities.leader, path, volunteer_number="V9") == "unknown_reference"
    admitted = await activities.leader.send("POST", path, json={"volunteer_number": "V1"})
    assert admitted.json()["state"] == "attending"
    assert await fault_of(activities.leader, path, volunteer_number="V1") is None
    assert await fault_of(activities.leader, path, volunteer_number="V2") == "no_place"
    assert (await activities.volunteer(second).send("POST", path, json={"volunteer_number": "V2"})).status_code == 403
    names = [event["volunteer_id"] for event in await activities.events("VolunteerSignedUp")]
    assert names == [str(first)]
    (shift,) = await activities.rows("SELECT taken, next_queue_number FROM shift")
    assert (shift.taken, shift.next_queue_number) == (1, 2)


async def test_a_record_holds_who_vouches_for_it(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer, starts_in=-10 * MINUTE)
    await in_turn([activities.manager], f"{place.path}/check-in")
    await came(activities, place, 8 * MINUTE)
    await leave(volunteer, place)
    (event,) = await activities.events("ServiceLogged")
    assert (event["provenance"], event["minutes"]) == ("leader", 8)


async def test_only_who_staffs_the_activity_sees_its_codes(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    place = await signed_up(activities, volunteer)
    elsewhere = await activities.know_station("510115-STA-02")
    path = f"/v1/shifts/{place.shift_id}/code"
    assert (await volunteer.send("GET", path)).status_code == 403
    assert (await activities.account(Role.STATION_MANAGER, units=[elsewhere]).send("GET", path)).status_code == 404
    assert (await activities.account(Role.TEAM_LEADER).send("GET", path)).status_code == 404
