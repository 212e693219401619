"""Two districts may differ, and an activity keeps the rules that it was published with."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.activities.attendance.test_attendance import MINUTE, Place, came, fault_of
from tests.integration.activities.conftest import OTHER_DISTRICT, Account, Activities, activity, in_turn

GENEROUS = {"check_in_opens": 60, "counts_early": 15, "counts_late": 10, "notice": 120, "offer_stands": 30}


async def set_rules(activities: Activities, version: int = 0, **minutes: int) -> Any:
    centre = activities.account(Role.DISTRICT_ADMIN)
    return await centre.send("POST", "/v1/rule-sets", json={"version": version, **minutes})


async def signed_up(activities: Activities, volunteer: Account) -> Place:
    shift_id = await activities.shift(2)
    (answer,) = await in_turn([volunteer], f"/v1/shifts/{shift_id}/sign-ups")
    return Place(shift_id, answer["sign_up_id"])


async def volunteer_of(activities: Activities) -> Account:
    await activities.know_station()
    (volunteer,) = await activities.know_volunteers(1)
    return activities.volunteer(volunteer)


@pytest.mark.row(42)
async def test_an_activity_keeps_the_rules_of_its_publishing(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    before = await signed_up(activities, volunteer)
    assert (await set_rules(activities, **GENEROUS)).json()["version"] == 1
    await activities.move_shift(before.shift_id, 45 * MINUTE)
    refused = await activities.leader.send("POST", f"{before.path}/check-in")
    assert refused.json()["faults"][0]["code"] == "too_early"

    await volunteer.send("DELETE", f"/v1/sign-ups/{before.sign_up_id}")
    after = await signed_up(activities, volunteer)
    await activities.move_shift(after.shift_id, 45 * MINUTE)
    assert await fault_of(activities.leader, f"{after.path}/check-in") is None


async def test_what_is_early_and_late_counts_as_the_activity_s_rules_say(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    await set_rules(activities, **GENEROUS)
    place = await signed_up(activities, volunteer)
    await activities.move_shift(place.shift_id, -10 * MINUTE, timedelta(minutes=12))
    await in_turn([activities.leader], f"{place.path}/check-in")
    await came(activities, place, 40 * MINUTE)
    await activities.move_shift(place.shift_id, -20 * MINUTE, timedelta(minutes=15))
    (left,) = await in_turn([activities.leader], f"{place.path}/check-out")
    assert left["minutes"] == 15 + 20  # from 15 before the start until now, 5 after the end


async def test_what_counts_beyond_a_shift_gives_way_to_the_next_one(activities: Activities) -> None:
    await volunteer_of(activities)
    await set_rules(activities, **GENEROUS)
    first, second = await activities.shift(), await activities.shift()
    await activities.move_shift(first, -60 * MINUTE, timedelta(minutes=70))
    early = Place(first, await _admit(activities, first))
    await came(activities, early, 50 * MINUTE)
    await activities.move_shift(first, -60 * MINUTE, timedelta(minutes=55))
    await activities.move_shift(second, -5 * MINUTE)
    late = Place(second, await _admit(activities, second))
    await came(activities, late, 5 * MINUTE)
    (left,) = await in_turn([activities.leader], f"{early.path}/check-out")
    assert left["minutes"] == 45  # until its end: since then they serve at the second


async def test_offers_and_notice_follow_the_rules_of_the_activity(activities: Activities) -> None:
    await activities.know_station()
    one, two = [activities.volunteer(each) for each in await activities.know_volunteers(2)]
    await set_rules(activities, **GENEROUS)
    shift_id = await activities.shift(1)
    held, waiting = await in_turn([one, two], f"/v1/shifts/{shift_id}/sign-ups")
    mine = (await one.get("/v1/me/sign-ups"))["items"][0]
    assert mine["opens_at"] < mine["starts_at"] > mine["late_from"]
    await activities.move_shift(shift_id, timedelta(hours=5))
    asked = now()
    await one.send("DELETE", f"/v1/sign-ups/{held['sign_up_id']}")
    [offered] = await activities.events("SignUpOffered")
    assert offered["sign_up_id"] == waiting["sign_up_id"]
    [row] = await activities.rows("SELECT answer_by FROM sign_up WHERE state = 'offered'")
    assert timedelta(minutes=30) <= row.answer_by - asked < timedelta(minutes=40)
    [withdrawn] = await activities.events("SignUpWithdrawn")
    assert not withdrawn["is_late"]  # five hours before: in time, where two are asked for


async def test_districts_differ_and_only_the_centre_sets_its_own(activities: Activities) -> None:
    await activities.know_station()
    await activities.know_station("510116-STA-01", OTHER_DISTRICT)
    await set_rules(activities, **GENEROUS)
    here = await activities.leader.get("/v1/rule-sets/current")
    elsewhere = activities.account(Role.TEAM_LEADER, district=OTHER_DISTRICT)
    there = await elsewhere.get("/v1/rule-sets/current")
    assert (here["version"], here["notice"]) == (1, 120)
    assert (there["version"], there["notice"], there["made_at"]) == (0, 1440, None)
    answer = await elsewhere.send("POST", "/v1/activities", json=activity(station="510116-STA-01"))
    shown = await elsewhere.get(f"/v1/activities/{answer.json()['id']}")
    assert (shown["rules_version"], shown["rules"]["check_in_opens"]) == (0, 30)
    assert (await activities.leader.send("POST", "/v1/rule-sets", json={"version": 1})).status_code == 403


async def test_a_second_editor_of_the_rules_is_told_and_faults_come_at_once(activities: Activities) -> None:
    assert (await set_rules(activities, notice=60)).status_code == 201
    stale = await set_rules(activities, notice=30)
    assert (stale.status_code, stale.json()["faults"][0]["code"]) == (409, "changed_meanwhile")
    wrong = await set_rules(activities, 1, counts_early=45, offer_stands=0)
    assert {fault["field"] for fault in wrong.json()["faults"]} == {"counts_early", "offer_stands"}
    second = (await set_rules(activities, 1, counts_late=5)).json()
    assert (second["version"], second["notice"], second["counts_late"]) == (2, 60, 5)  # what is left out stays


async def test_a_rule_set_holds_from_its_day_on_and_the_one_of_the_latest_day_holds(activities: Activities) -> None:
    await volunteer_of(activities)
    centre = activities.account(Role.DISTRICT_ADMIN)
    today = district_day(now())

    async def add(version: int, days: int, **minutes: int) -> Any:
        body = {"version": version, "holds_from": f"{today + timedelta(days=days)}", **minutes}
        return await centre.send("POST", "/v1/rule-sets", json=body)

    async def current(activities: Activities) -> tuple[int, int]:
        held = await activities.leader.get("/v1/rule-sets/current")
        return held["version"], held["notice"]

    planned = (await add(0, 30, notice=60)).json()
    assert planned["holds_from"] == f"{today + timedelta(days=30)}T00:00:00+08:00"
    assert await current(activities) == (0, 1440)
    await activities.shift(1)
    assert [row.rules_version for row in await activities.rows("SELECT rules_version FROM activity")] == [0]
    assert (await add(1, 0, notice=120)).status_code == 201  # today: at once
    assert await current(activities) == (2, 120)
    listed = await activities.leader.get("/v1/rule-sets")
    assert (listed["in_force"], [one["version"] for one in listed["items"]]) == (2, [2, 1, 0])
    assert [one["notice"] for one in listed["items"]] == [120, 60, 1440]
    assert listed["items"][0]["made_by"].startswith("account:")
    assert listed["items"][2]["made_by"] is None
    assert listed["limits"]["notice"] == {"least": 0, "most": 20160}
    await change(activities, "holds_from = holds_from - interval '31 days'")
    assert await current(activities) == (2, 120)  # of a later day than version 1's
    await change(activities, "holds_from = NULL, made_at = clock_timestamp()")
    assert await current(activities) == (1, 60)  # from before rule sets had a day: since it was made


async def change(activities: Activities, what: str) -> None:
    """Change the first version, as time and earlier versions of the code would have it; no role may."""
    await activities.as_owner(
        "ALTER TABLE activity_rules NO FORCE ROW LEVEL SECURITY",
        f"UPDATE activity_rules SET {what} WHERE version = 1",
        "ALTER TABLE activity_rules FORCE ROW LEVEL SECURITY",
    )


async def test_a_day_that_is_over_is_refused_with_the_other_faults(activities: Activities) -> None:
    centre = activities.account(Role.DISTRICT_ADMIN)
    yesterday = district_day(now()) - timedelta(days=1)
    body = {"version": 0, "holds_from": f"{yesterday}", "offer_stands": 0}
    refused = (await centre.send("POST", "/v1/rule-sets", json=body)).json()
    assert {fault["field"] for fault in refused["faults"]} == {"offer_stands", "holds_from"}


async def test_volunteers_see_the_rules_that_hold_and_staff_all_of_them(activities: Activities) -> None:
    volunteer = await volunteer_of(activities)
    assert (await volunteer.get("/v1/rule-sets/current"))["version"] == 0
    assert (await volunteer.send("GET", "/v1/rule-sets")).status_code == 403


async def _admit(activities: Activities, shift_id: UUID) -> str:
    answer = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/walk-ins", json={"volunteer_number": "V1"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["sign_up_id"])
