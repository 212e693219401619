"""Rows 16 and 28: who signs up for what needs a qualification holds one; when it ends, later places go to others."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.activities.register.projections import QUALIFICATIONS
from services.activities.signing_up.rechecking import RECHECK, RECHECK_QUALIFICATIONS
from services.activities.signing_up.settling import SETTLE_PLACES
from shared.contracts import QualificationExpired, QualificationRevoked, QualificationVerified
from shared.contracts.calendar import district_day
from shared.contracts.envelope import Attributes
from shared.contracts.qualification import Qualification
from shared.contracts.received import Received
from shared.messaging.fault_kinds import is_transient
from shared.store.event_log import new_id, now
from shared.work import queue
from shared.work.worker import Worker
from tests.integration.activities.conftest import DISTRICT, Activities, activity
from tests.integration.activities.shifts import Volunteer, between, counts, states, told, volunteers

DAY = timedelta(days=1)


@pytest.fixture
async def people(activities: Activities) -> list[Volunteer]:
    return await volunteers(activities, 4)


class Paper:
    """A qualification of somebody's, as registry tells of it."""

    def __init__(self, activities: Activities, person: Volunteer, kind: str, expires_on: date | None) -> None:
        self._activities = activities
        self._said: dict[str, Any] = {
            "qualification_id": new_id(),
            "volunteer_id": person.id,
            "kind": kind,
            "issued_on": date(2025, 1, 1),
            "expires_on": expires_on,
        }
        self._version = 1

    async def is_told(self, event: type[Qualification]) -> Received[Any]:
        """Have the service told of it, as its consumer does, and the worker do what is due then."""
        self._version += 1
        data = event(**self._said)
        attributes = Attributes(
            new_id(), data.event_type(), now(), str(self._said["qualification_id"]), self._version, DISTRICT
        )
        received: Received[Any] = Received(attributes, data)
        async with self._activities.worker.transaction() as tx:
            await self._activities.service.reactions.react(tx, [received])
        await work_off(self._activities)
        return received


async def holds(
    activities: Activities, person: Volunteer, kind: str = "first_aid", expires_on: date | None = None
) -> Paper:
    """Let somebody hold a qualification."""
    paper = Paper(activities, person, kind, expires_on)
    await paper.is_told(QualificationVerified)
    return paper


async def work_off(activities: Activities) -> None:
    """Let a worker do all that is due."""
    kinds = [RECHECK_QUALIFICATIONS, SETTLE_PLACES]
    worker = Worker(activities.worker, kinds, {}, is_transient)
    for kind in kinds:
        while items := await queue.claim(activities.worker, [kind]):
            await worker._run(kind, items)


async def shift_that_needs(activities: Activities, *needs: str, capacity: int = 20) -> UUID:
    published = await activities.publish(needs=list(needs), shifts=[{**between(9, 11), "capacity": capacity}])
    return UUID(published["shift_ids"][0])


async def refusal(person: Volunteer, shift_id: UUID, language: str = "zh-CN") -> tuple[int, str, str]:
    response = await person.account.send(
        "POST", f"/v1/shifts/{shift_id}/sign-ups", headers={"Accept-Language": language}
    )
    fault = response.json()["faults"][0]
    return response.status_code, fault["code"], fault["message"]


@pytest.mark.row(16, 28)
async def test_an_activity_says_to_everybody_which_qualifications_it_needs(
    activities: Activities, people: list[Volunteer]
) -> None:
    published = await activities.publish(needs=["first_aid", "driver", "first_aid"])
    of_all = await activities.clients[0].get(f"/v1/public/activities/{published['id']}?district={DISTRICT}")
    shown = await people[0].account.get(f"/v1/activities/{published['id']}")
    assert of_all.json()["needs"] == shown["needs"] == ["driver", "first_aid"]
    [(_, event)] = await told(activities, "ActivityPublished")
    assert event["needs"] == ["driver", "first_aid"]
    refused = await activities.leader.send("POST", "/v1/activities", json=activity(needs=["flying"]))
    assert [(fault["field"], fault["code"]) for fault in refused.json()["faults"]] == [("needs", "unknown_value")]


@pytest.mark.row(16, 28)
async def test_sign_up_is_refused_without_the_qualification_in_a_sentence_that_names_it(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id = await shift_that_needs(activities, "first_aid")
    holder, with_another, expired, stranger = people
    await holds(activities, holder, expires_on=district_day(now()))
    await holds(activities, with_another, kind="driver")
    await holds(activities, expired, expires_on=district_day(now()) - DAY)  # and its end has not been told of yet
    await holder.sign_up(shift_id)
    for person in (with_another, expired, stranger):
        status, code, sentence = await refusal(person, shift_id)
        assert (status, code) == (409, "qualification")
        assert sentence.endswith("急救证（救护员证）")
    assert (await refusal(stranger, shift_id, "en"))[2].endswith("first aid certificate")
    assert await states(activities, shift_id) == ["confirmed"]


@pytest.mark.row(16, 28)
async def test_when_it_expires_later_places_go_to_the_next_who_is_qualified_and_the_volunteer_is_told(
    activities: Activities, people: list[Volunteer]
) -> None:
    needing = await shift_that_needs(activities, "first_aid", capacity=1)
    first, second, third, _ = people
    paper = await holds(activities, first)
    second_s = await holds(activities, second)
    await holds(activities, third)
    sign_ups = [await person.sign_up(needing) for person in (first, second, third)]
    await second_s.is_told(QualificationRevoked)  # waits: keeps the position, and is passed over
    assert await states(activities, needing) == ["confirmed", "waiting", "waiting"]
    await paper.is_told(QualificationExpired)
    assert await states(activities, needing) == ["cancelled", "waiting", "offered"]
    assert await counts(activities, needing) == (1, 1)
    [(_, taken_off)] = await told(activities, "VolunteerTakenOff")
    assert (taken_off["sign_up_id"], taken_off["lacking"], taken_off["reason"]) == (sign_ups[0], ["first_aid"], "")
    assert (await refusal(first, needing))[1] == "qualification"


@pytest.mark.row(16, 28)
async def test_who_has_renewed_in_time_keeps_the_place(activities: Activities, people: list[Volunteer]) -> None:
    shift_id = await shift_that_needs(activities, "first_aid")
    old = await holds(activities, people[0], expires_on=district_day(now()))
    await people[0].sign_up(shift_id)
    await holds(activities, people[0], expires_on=district_day(now()) + 700 * DAY)
    await old.is_told(QualificationExpired)
    assert await states(activities, shift_id) == ["confirmed"]


@pytest.mark.row(16, 28)
async def test_who_waits_is_offered_a_free_place_as_soon_as_they_are_qualified_again(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id = await shift_that_needs(activities, "first_aid", capacity=1)
    first, second, *_ = people
    await holds(activities, first)
    of_second = await holds(activities, second)
    sign_ups = [await person.sign_up(shift_id) for person in (first, second)]
    await of_second.is_told(QualificationRevoked)
    await first.withdraw(sign_ups[0])
    assert await states(activities, shift_id) == ["withdrawn", "waiting"]
    renewed = await holds(activities, second)
    assert await states(activities, shift_id) == ["withdrawn", "offered"]
    async with activities.worker.transaction() as tx:  # as if its end were known and nothing yet looked at again
        ended = QualificationRevoked(**renewed._said)
        attributes = Attributes(new_id(), ended.event_type(), now(), str(ended.qualification_id), 9, DISTRICT)
        await QUALIFICATIONS.project(tx, [Received(attributes, ended)])
    refused = await second.accept(sign_ups[1])
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (409, "qualification")


@pytest.mark.row(16, 28)
async def test_a_walk_in_is_held_to_it_too(activities: Activities, people: list[Volunteer]) -> None:
    shift_id = await shift_that_needs(activities, "first_aid")
    await activities.move_shift(shift_id, timedelta(minutes=-5))
    path = f"/v1/shifts/{shift_id}/walk-ins"
    refused = await activities.leader.send("POST", path, json={"volunteer_number": "V1"})
    assert [(fault["field"], fault["code"]) for fault in refused.json()["faults"]] == [
        ("volunteer_number", "qualification")
    ]
    await holds(activities, people[0])
    admitted = await activities.leader.send("POST", path, json={"volunteer_number": "V1"})
    assert admitted.status_code == 200, admitted.text


@pytest.mark.row(16, 28)
async def test_it_is_looked_at_once_more_after_five_minutes_and_an_event_that_comes_twice_changes_nothing(
    activities: Activities, people: list[Volunteer]
) -> None:
    paper = await holds(activities, people[0])
    received = await paper.is_told(QualificationExpired)
    async with activities.worker.transaction() as tx:
        await activities.service.reactions.react(tx, [received])
    rows = await activities.rows(
        "SELECT due_at FROM work WHERE kind = :kind AND due_at > now() + interval '4 minutes'", kind=RECHECK
    )
    assert len(rows) == 2  # of the verified one, and of the expired one
