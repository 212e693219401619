"""Row 5: when a minor's guardian takes their consent back, what the minor has signed up for goes to others."""

from datetime import date
from typing import Any

import pytest

from services.activities.signing_up.guardians import GIVE_UP_WITHOUT_GUARDIAN
from shared.contracts import VolunteerProfileChanged
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.messaging.fault_kinds import is_transient
from shared.store.event_log import new_id, now
from shared.work import queue
from shared.work.worker import Worker
from tests.integration.activities.conftest import DISTRICT, Activities
from tests.integration.activities.shifts import HOUR, Volunteer, counts, shift_at, states, told, volunteers


@pytest.fixture
async def people(activities: Activities) -> list[Volunteer]:
    """A minor whose guardian has agreed, and two others."""
    found = await volunteers(activities, 3)
    await is_told(activities, profile(found[0], 2, agreed=True))
    return found


def profile(minor: Volunteer, version: int, *, agreed: bool) -> Received[Any]:
    """Return what registry tells of a minor."""
    data = VolunteerProfileChanged(
        volunteer_id=minor.id,
        volunteer_no="V1",
        category="minor",
        registered_on=date(2026, 3, 1),
        minor=True,
        guardian_agreed=agreed,
    )
    return Received(Attributes(new_id(), data.event_type(), now(), str(minor.id), version, DISTRICT), data)


async def is_told(activities: Activities, event: Received[Any]) -> None:
    """Have the service told, as its consumer does."""
    async with activities.worker.transaction() as tx:
        await activities.service.reactions.react(tx, [event])


async def work_off(activities: Activities) -> None:
    """Let a worker do what is due for those whose guardian does not agree."""
    worker = Worker(activities.worker, [GIVE_UP_WITHOUT_GUARDIAN], {}, is_transient)
    while items := await queue.claim(activities.worker, [GIVE_UP_WITHOUT_GUARDIAN]):
        await worker._run(GIVE_UP_WITHOUT_GUARDIAN, items)


@pytest.mark.row(5, 58)
async def test_places_to_come_go_to_the_next_and_the_minor_is_told_once_of_each(
    activities: Activities, people: list[Volunteer]
) -> None:
    minor, first, second = people
    held, waited_for = await shift_at(activities, 9, 11, capacity=1), await shift_at(activities, 13, 15, capacity=1)
    place = await minor.sign_up(held)
    await first.sign_up(held)
    await second.sign_up(waited_for)
    waiting = await minor.sign_up(waited_for)
    taken_back = profile(minor, 3, agreed=False)
    for _ in range(2):  # heard again, it changes nothing
        await is_told(activities, taken_back)
        await work_off(activities)
    assert await states(activities, held) == ["cancelled", "offered"]
    assert await counts(activities, held) == (1, 0)
    assert await states(activities, waited_for) == ["confirmed", "cancelled"]
    assert await counts(activities, waited_for) == (1, 0)
    found = [data for _, data in await told(activities, "VolunteerTakenOff")]
    assert [one["sign_up_id"] for one in found] == [place, waiting]
    assert all((one["guardian_took_back"], one["reason"], one["lacking"]) == (True, "", []) for one in found)
    absences = await activities.rows("SELECT 1 FROM sign_up WHERE absence IS NOT NULL")
    assert not absences
    assert (await minor.ask(held)).json()["faults"][0]["code"] == "guardian_needed"


@pytest.mark.row(5)
async def test_what_has_begun_is_left_to_its_closing(activities: Activities, people: list[Volunteer]) -> None:
    minor = people[0]
    began = await shift_at(activities, 9, 11)
    await minor.sign_up(began)
    await activities.move_shift(began, -HOUR)
    await is_told(activities, profile(minor, 3, agreed=False))
    await work_off(activities)
    assert await states(activities, began) == ["confirmed"]


@pytest.mark.row(5)
async def test_whose_guardian_has_agreed_again_meanwhile_keeps_the_place(
    activities: Activities, people: list[Volunteer]
) -> None:
    minor = people[0]
    shift_id = await shift_at(activities, 9, 11)
    await minor.sign_up(shift_id)
    await is_told(activities, profile(minor, 3, agreed=False))
    await is_told(activities, profile(minor, 4, agreed=True))
    await work_off(activities)
    assert await states(activities, shift_id) == ["confirmed"]
    assert not await told(activities, "VolunteerTakenOff")
