"""Row 5: whoever is under 18 signs up once their guardian has agreed, and for nothing dangerous, on whatever way."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.activities.register import projections
from shared.contracts import VolunteerProfileChanged
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import new_id, now
from tests.integration.activities.conftest import DISTRICT, Activities
from tests.integration.activities.shifts import volunteers


async def told(activities: Activities, volunteer: UUID, number: str, version: int, **profile: bool) -> None:
    """Have registry tell of a volunteer's profile."""
    data = VolunteerProfileChanged(
        volunteer_id=volunteer, volunteer_no=number, category="resident", registered_on=date(2026, 3, 1), **profile
    )
    attributes = Attributes(new_id(), data.event_type(), now(), str(volunteer), version, DISTRICT)
    async with activities.worker.transaction() as tx:
        await projections.VOLUNTEERS.project(tx, [Received(attributes, data)])


def faults(response: Any) -> list[tuple[str, str]]:
    return [(fault["field"], fault["code"]) for fault in response.json()["faults"]]


@pytest.mark.row(5)
async def test_a_minor_signs_up_once_a_guardian_has_agreed(activities: Activities) -> None:
    (minor,) = await volunteers(activities, 1)
    shift_id = await activities.shift()
    await told(activities, minor.id, "V1", 2, minor=True)
    refused = await minor.ask(shift_id)
    assert (refused.status_code, faults(refused)) == (422, [("shift_id", "guardian_needed")])
    assert not await activities.events("VolunteerSignedUp")
    await told(activities, minor.id, "V1", 3, minor=True, guardian_agreed=True)
    assert (await minor.ask(shift_id)).status_code == 201


@pytest.mark.row(5, 22, 28)
async def test_no_minor_comes_to_what_is_dangerous_by_whatever_way_and_everybody_sees_that_it_is(
    activities: Activities,
) -> None:
    minor, adult = await volunteers(activities, 2)
    await told(activities, minor.id, "V1", 2, minor=True, guardian_agreed=True)
    published = await activities.publish(dangerous=True)
    shift_id = UUID(published["shift_ids"][0])
    assert faults(await minor.ask(shift_id)) == [("shift_id", "not_for_minors")]
    assert (await adult.ask(shift_id)).status_code == 201
    await activities.move_shift(shift_id, timedelta(minutes=-5))
    walked_in = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/walk-ins", json={"volunteer_number": "V1"})
    assert faults(walked_in) == [("volunteer_number", "not_for_minors")]
    shown = await activities.leader.get(f"/v1/activities/{published['id']}")
    assert shown["dangerous"] is True
    public = await activities.clients[0].get(f"/v1/public/activities/{published['id']}?district={DISTRICT}")
    assert public.json()["dangerous"] is True
    [event] = await activities.events("ActivityPublished")
    assert event["dangerous"] is True


@pytest.mark.row(5)
async def test_whoever_comes_of_age_needs_nobody(activities: Activities) -> None:
    (grown,) = await volunteers(activities, 1)
    await told(activities, grown.id, "V1", 2, minor=True)
    await told(activities, grown.id, "V1", 3)
    assert (await grown.ask(await activities.shift())).status_code == 201
