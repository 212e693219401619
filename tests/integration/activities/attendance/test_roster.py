"""A shift's roster: who is on it, by state, with counts in one answer, and no name."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.activities.register import projections
from services.activities.signing_up.domain import SignUpState
from shared.contracts import AbsenceClass
from shared.contracts.actor import Role
from shared.store.event_log import new_id
from tests.integration.activities.conftest import Account, Activities, in_turn, registered
from tests.support.cost import Cost, metered_requests

NUMBERS = ("51011500000017", "51011500120017", "51011500000023", "51011500000031")


@pytest.fixture
async def shift(activities: Activities) -> UUID:
    """A shift of three places with a volunteer of each number signed up, in that order; the last one waits."""
    await activities.know_station()
    volunteers = [new_id() for _ in NUMBERS]
    async with activities.worker.transaction() as tx:
        await projections.VOLUNTEERS.project(
            tx, [registered(each, number) for each, number in zip(volunteers, NUMBERS, strict=True)]
        )
    shift = await activities.shift(capacity=3)
    await in_turn([activities.volunteer(each) for each in volunteers], f"/v1/shifts/{shift}/sign-ups")
    return shift


async def test_a_roster_lists_people_in_order_of_arrival_and_counts_every_state(
    activities: Activities, shift: UUID
) -> None:
    roster = await activities.leader.get(f"/v1/shifts/{shift}/roster")
    assert (roster["capacity"], roster["taken"], roster["waiting"]) == (3, 3, 1)
    assert {name: count for name, count in roster["counts"].items() if count} == {"confirmed": 3, "waiting": 1}
    assert set(roster["counts"]) == {*SignUpState, *AbsenceClass}, "who is nowhere is counted as nobody"
    assert [(each["number_last_four"], each["state"]) for each in roster["items"]] == [
        ("0017", "confirmed"),
        ("0017", "confirmed"),
        ("0023", "confirmed"),
        ("0031", "waiting"),
    ]
    assert not any(number in str(roster) for number in NUMBERS), "the whole number is registry's to show"


async def test_a_roster_shows_who_came_and_who_has_not_checked_out(activities: Activities, shift: UUID) -> None:
    leader = activities.leader
    first, second, *_ = (await leader.get(f"/v1/shifts/{shift}/roster"))["items"]
    await activities.move_shift(shift, timedelta(minutes=-1))
    for entry in (first, second):
        await in_turn([leader], f"/v1/sign-ups/{entry['sign_up_id']}/check-in")
    await activities.as_owner(
        "SET app.districts = '510115'",
        "ALTER TABLE sign_up NO FORCE ROW LEVEL SECURITY",
        "UPDATE sign_up SET checked_in_at = checked_in_at - interval '65 minutes' WHERE state = 'attending'",
        "ALTER TABLE sign_up FORCE ROW LEVEL SECURITY",
    )
    await activities.move_shift(shift, timedelta(minutes=-70), timedelta(minutes=60))
    (done,) = await in_turn([leader], f"/v1/sign-ups/{first['sign_up_id']}/check-out")

    roster = await leader.get(f"/v1/shifts/{shift}/roster")
    assert (roster["counts"]["completed"], roster["counts"]["attending"]) == (1, 1)
    out, still_in, *_ = roster["items"]
    assert (out["by"], out["minutes"], out["absence"]) == ("leader", done["minutes"], None)
    assert out["checked_out_at"] >= done["record"]["ended_at"]
    assert still_in["checked_in_at"] is not None
    assert (still_in["checked_out_at"], still_in["minutes"]) == (None, None)


async def test_a_roster_is_searched_by_state_and_the_last_four_digits(activities: Activities, shift: UUID) -> None:
    async def found(query: str) -> list[str]:
        roster = await activities.leader.get(f"/v1/shifts/{shift}/roster?{query}")
        assert sum(roster["counts"].values()) == 4, "counts are of the whole shift"
        return [each["number_last_four"] for each in roster["items"]]

    assert await found("last_four=0017") == ["0017", "0017"]
    assert await found("last_four=0031&state=confirmed") == []
    assert await found("state=waiting") == ["0031"]
    assert await found("state=waiting&state=confirmed&last_four=0023") == ["0023"]
    refused = await activities.leader.send("GET", f"/v1/shifts/{shift}/roster?last_four=51011500000017")
    assert refused.status_code == 422


async def test_a_roster_has_pages(activities: Activities, shift: UUID) -> None:
    first = await activities.leader.get(f"/v1/shifts/{shift}/roster?limit=3")
    rest = await activities.leader.get(f"/v1/shifts/{shift}/roster?limit=3&cursor={first['next_cursor']}")
    numbers = [each["queue_number"] for each in first["items"] + rest["items"]]
    assert (numbers, rest["next_cursor"]) == ([1, 2, 3, 4], None)


async def test_only_who_staffs_a_shift_sees_its_roster(activities: Activities, shift: UUID) -> None:
    elsewhere = await activities.know_station("510115-STA-02")
    path = f"/v1/shifts/{shift}/roster"
    strangers: list[Account] = [
        activities.account(Role.TEAM_LEADER, units=activities.stations),
        activities.account(Role.STATION_MANAGER, units=[elsewhere]),
        activities.account(Role.DISTRICT_ADMIN, district="510116"),
    ]
    for stranger in strangers:
        assert (await stranger.send("GET", path)).status_code == 404
    assert (await activities.account(Role.VOLUNTEER).send("GET", path)).status_code == 403
    for staff in (activities.leader, activities.manager, activities.account(Role.DISTRICT_ADMIN)):
        assert len((await staff.get(path))["items"]) == 4


async def test_a_roster_is_three_statements_whatever_its_length(activities: Activities, shift: UUID) -> None:
    with metered_requests(activities.stores[0]) as cost:
        await activities.leader.get(f"/v1/shifts/{shift}/roster")
    assert cost == Cost(statements=4, commits=1), "the district, the shift, counts, entries"
