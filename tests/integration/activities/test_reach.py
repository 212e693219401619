"""A station's manager deals with that station, a team leader with what they have published, the district with all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.actor import Role
from tests.integration.activities.conftest import Account, Activities, activity, in_turn

OTHER_STATION = "510115-STA-02"


@pytest.fixture
async def strangers(activities: Activities) -> tuple[Account, Account]:
    """Somebody who manages another station, and a team leader who has published nothing."""
    await activities.know_station()
    elsewhere = await activities.know_station(OTHER_STATION)
    return activities.account(Role.STATION_MANAGER, units=[elsewhere]), activities.account(Role.TEAM_LEADER)


async def begun_shift_of_one(activities: Activities) -> tuple[UUID, str]:
    """Give a shift that has begun, and the path of its one sign-up."""
    (volunteer,) = await activities.know_volunteers(1)
    shift = await activities.shift()
    (signed_up,) = await in_turn([activities.volunteer(volunteer)], f"/v1/shifts/{shift}/sign-ups")
    await activities.move_shift(shift, timedelta(minutes=-15))
    return shift, f"/v1/sign-ups/{signed_up['sign_up_id']}"


async def test_a_manager_publishes_for_their_own_station_alone(
    activities: Activities, strangers: tuple[Account, Account]
) -> None:
    manager, _ = strangers
    denied = await manager.send("POST", "/v1/activities", json=activity())
    assert (denied.status_code, denied.json()["faults"][0]["field"]) == (403, "station")
    assert await activities.events("ActivityPublished") == []
    assert (await manager.send("POST", "/v1/activities", json=activity(station=OTHER_STATION))).status_code == 201


async def test_who_does_not_staff_an_activity_sees_and_confirms_nobody(
    activities: Activities, strangers: tuple[Account, Account]
) -> None:
    shift, path = await begun_shift_of_one(activities)
    for stranger in strangers:
        assert (await stranger.send("GET", f"/v1/shifts/{shift}/sign-ups")).status_code == 404
        for step in ("check-in", "check-out"):
            assert (await stranger.send("POST", f"{path}/{step}")).status_code == 404
    assert await activities.events("VolunteerCheckedIn") == []
    for staff in (activities.leader, activities.manager, activities.account(Role.DISTRICT_ADMIN)):
        assert len((await staff.get(f"/v1/shifts/{shift}/sign-ups"))["items"]) == 1
        await in_turn([staff], f"{path}/check-in")


async def test_a_record_is_corrected_by_its_own_station(
    activities: Activities, strangers: tuple[Account, Account]
) -> None:
    _, sign_up = await begun_shift_of_one(activities)
    await in_turn([activities.leader], f"{sign_up}/check-in")
    await activities.as_owner(
        "SET app.districts = '510115'",
        "ALTER TABLE sign_up NO FORCE ROW LEVEL SECURITY",
        "UPDATE sign_up SET checked_in_at = checked_in_at - interval '10 minutes'",
        "ALTER TABLE sign_up FORCE ROW LEVEL SECURITY",
    )
    (done,) = await in_turn([activities.leader], f"{sign_up}/check-out")
    path = f"/v1/service-records/{UUID(done['record']['id'])}/corrections"
    correction: dict[str, Any] = {"json": {"minutes": 5, "reason": "核对"}, "headers": {"If-Match": '"1"'}}
    manager, _ = strangers
    assert (await manager.send("POST", path, **correction)).status_code == 403
    assert await activities.events("ServiceCorrected") == []
    assert (await activities.manager.send("POST", path, **correction)).status_code == 201
