"""Rows 7 and 64: who ends their registration is signed up for nothing any more, and what they have served stays."""

import pytest

from deploy.provision import reactions
from shared.contracts import VolunteerRestricted
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import new_id, now
from tests.integration.activities.conftest import DISTRICT, Activities
from tests.integration.activities.shifts import HOUR, Volunteer, counts, shift_at, states, told, volunteers


@pytest.fixture
async def people(activities: Activities) -> list[Volunteer]:
    return await volunteers(activities, 2)


async def leave(activities: Activities, volunteer: Volunteer) -> None:
    """Tell the service that somebody has ended their registration."""
    data = VolunteerRestricted(volunteer_id=volunteer.id, restricted_at=now())
    event = Received(Attributes(new_id(), data.event_type(), now(), str(volunteer.id), 2, DISTRICT), data)
    async with activities.worker.transaction() as tx:
        await reactions("activities").react(tx, [event])


@pytest.mark.row(7, 64)
async def test_sign_ups_to_come_are_withdrawn_the_next_is_offered_the_place_and_registry_hears_what_stays(
    activities: Activities, people: list[Volunteer]
) -> None:
    leaving, other = people
    full, began = await shift_at(activities, 9, 11, capacity=1), await shift_at(activities, 13, 15)
    await leaving.sign_up(full)
    await leaving.sign_up(began)
    await other.sign_up(full)
    await leaving.account.send("POST", "/v1/me/calendar-feed")
    await activities.move_shift(began, -HOUR)
    await leave(activities, leaving)
    assert await states(activities, full) == ["withdrawn", "offered"]
    assert await counts(activities, full) == (1, 0)
    assert await states(activities, began) == ["confirmed"]  # its closing says whether they came
    assert not await activities.rows("SELECT 1 FROM calendar_feed")
    [(_, withdrawn)] = await told(activities, "SignUpWithdrawn")
    assert (withdrawn["volunteer_id"], withdrawn["is_late"]) == (str(leaving.id), False)
    [(_, stated)] = await told(activities, "ServiceHistoryStated")
    assert stated == {"volunteer_id": str(leaving.id), "records": 0, "last_served_on": None}
    own = await other.account.get("/v1/me/data")
    assert [one["state"] for one in own["sign_ups"]] == ["offered"]


@pytest.mark.row(7, 64)
async def test_nobody_signs_up_who_has_left_whoever_names_them(activities: Activities, people: list[Volunteer]) -> None:
    leaving, _ = people
    shift_id = await shift_at(activities, 9, 11)
    await leave(activities, leaving)
    refused = await leaving.ask(shift_id)
    assert refused.json()["faults"][0]["code"] == "unknown_reference"
    [row] = await activities.rows("SELECT number FROM known_volunteer WHERE id = :id", id=leaving.id)
    walk_in = {"volunteer_number": row.number}
    refused = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/walk-ins", json=walk_in)
    assert refused.status_code in (404, 409, 422)
