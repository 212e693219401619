"""Row 17: nobody signs up before they have accepted the district's rules, as far as these are required by now."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.activities.register.projections import RULES
from shared.contracts import RuleAccepted, RuleEnded, RulePublished, VolunteerMergeUndone, VolunteersMerged
from shared.contracts.calendar import district_day
from shared.contracts.envelope import Attributes
from shared.contracts.event import Event
from shared.contracts.received import Received
from shared.store.event_log import new_id, now
from tests.integration.activities.conftest import DISTRICT, Activities
from tests.integration.activities.shifts import Volunteer, between, states, volunteers

DAY = timedelta(days=1)


@pytest.fixture
async def people(activities: Activities) -> list[Volunteer]:
    return await volunteers(activities, 3)


async def tell(activities: Activities, data: Event, aggregate: UUID, version: int) -> Received[Any]:
    """Have the service told of something, as its consumer does."""
    attributes = Attributes(new_id(), data.event_type(), now(), str(aggregate), version, DISTRICT)
    received: Received[Any] = Received(attributes, data)
    async with activities.worker.transaction() as tx:
        await activities.service.reactions.react(tx, [received])
    return received


class Document:
    """A rule document of the district, as registry tells of it."""

    def __init__(self, activities: Activities, title: str) -> None:
        self._activities, self._title = activities, title
        self._id = new_id()
        self._version = 0

    async def is_published(self, required_from: date) -> Received[Any]:
        self._version += 1
        event = RulePublished(
            document_id=self._id,
            document_version=self._version,
            title=self._title,
            in_force_from=district_day(now()) - DAY,
            required_from=required_from,
        )
        return await tell(self._activities, event, self._id, self._version)

    async def is_ended(self, *versions: int) -> Received[Any]:
        event = RuleEnded(
            document_id=self._id, document_version=versions[-1], title=self._title, ended_versions=versions
        )
        return await tell(self._activities, event, self._id, self._version + 1)

    async def is_accepted(self, person: Volunteer, version: int = 0) -> Received[Any]:
        aggregate = new_id()
        event = RuleAccepted(
            acceptance_id=aggregate,
            volunteer_id=person.id,
            document_id=self._id,
            document_version=version or self._version,
        )
        return await tell(self._activities, event, aggregate, 1)


async def shift(activities: Activities) -> UUID:
    published = await activities.publish(shifts=[{**between(9, 11), "capacity": 20}])
    return UUID(published["shift_ids"][0])


async def refusal(person: Volunteer, shift_id: UUID, language: str = "zh-CN") -> tuple[int, str, str]:
    response = await person.account.send(
        "POST", f"/v1/shifts/{shift_id}/sign-ups", headers={"Accept-Language": language}
    )
    fault = response.json()["faults"][0]
    return response.status_code, fault["code"], fault["message"]


@pytest.mark.row(17)
async def test_sign_up_is_refused_in_a_sentence_that_names_the_rules_until_they_are_accepted(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id, today = await shift(activities), district_day(now())
    code, safety = Document(activities, "志愿者守则"), Document(activities, "安全须知")
    for document in (code, safety):
        await document.is_published(required_from=today)
    status, refused, sentence = await refusal(people[0], shift_id)
    assert (status, refused) == (409, "rules_to_accept")
    assert "《志愿者守则》《安全须知》" in sentence
    assert '"志愿者守则", "安全须知"' in (await refusal(people[0], shift_id, "en"))[2]
    await code.is_accepted(people[0])
    assert "《志愿者守则》" not in (await refusal(people[0], shift_id))[2]
    await safety.is_accepted(people[0])
    await people[0].sign_up(shift_id)
    assert (await refusal(people[1], shift_id))[1] == "rules_to_accept"  # what one accepts is one's own
    assert await states(activities, shift_id) == ["confirmed"]


@pytest.mark.row(17)
async def test_before_the_day_from_which_it_is_required_nobody_is_refused(
    activities: Activities, people: list[Volunteer]
) -> None:
    await Document(activities, "志愿者守则").is_published(required_from=district_day(now()) + DAY)
    await people[0].sign_up(await shift(activities))


@pytest.mark.row(17)
async def test_a_new_version_asks_again_from_its_day_on_and_until_then_the_one_before_does(
    activities: Activities, people: list[Volunteer]
) -> None:
    first, second, third = people
    today, shift_id = district_day(now()), await shift(activities)
    document = Document(activities, "志愿者守则")
    await document.is_published(required_from=today)
    await document.is_accepted(first)
    await document.is_published(required_from=today + 30 * DAY)
    await first.sign_up(shift_id)
    assert (await refusal(second, shift_id))[1] == "rules_to_accept"
    await document.is_accepted(second)  # the new one is as good
    await second.sign_up(shift_id)
    await document.is_published(required_from=today)
    for version in (1, 2):
        await document.is_accepted(third, version)
    assert (await refusal(third, shift_id))[1] == "rules_to_accept"
    await document.is_accepted(third)
    await third.sign_up(shift_id)


@pytest.mark.row(17)
async def test_of_those_who_come_together_each_is_named_who_has_not_accepted(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id = await shift(activities)
    document = Document(activities, "志愿者守则")
    await document.is_published(required_from=district_day(now()))
    await document.is_accepted(people[1])
    response = await activities.leader.send(
        "POST", f"/v1/shifts/{shift_id}/sign-ups", json={"group": ["V1", "V2", "V3"]}
    )
    assert [(fault["field"], fault["code"]) for fault in response.json()["faults"]] == [
        ("group.0", "rules_to_accept"),
        ("group.2", "rules_to_accept"),
    ]
    assert await states(activities, shift_id) == []


@pytest.mark.row(17)
async def test_who_comes_without_a_place_is_held_to_it_too(activities: Activities, people: list[Volunteer]) -> None:
    shift_id = await shift(activities)
    document = Document(activities, "志愿者守则")
    await document.is_published(required_from=district_day(now()))
    await activities.move_shift(shift_id, timedelta(minutes=-5))
    path = f"/v1/shifts/{shift_id}/walk-ins"
    refused = await activities.leader.send("POST", path, json={"volunteer_number": "V1"})
    assert [(fault["field"], fault["code"]) for fault in refused.json()["faults"]] == [
        ("volunteer_number", "rules_to_accept")
    ]
    await document.is_accepted(people[0])
    admitted = await activities.leader.send("POST", path, json={"volunteer_number": "V1"})
    assert admitted.status_code == 200, admitted.text


@pytest.mark.row(17)
async def test_what_is_told_twice_changes_nothing(activities: Activities, people: list[Volunteer]) -> None:
    document = Document(activities, "志愿者守则")
    told = [await document.is_published(district_day(now())), await document.is_accepted(people[0])]
    tables = ("known_rule", "accepted_rule")
    before = [await activities.rows(f"SELECT * FROM {table}") for table in tables]
    for event in told:
        async with activities.worker.transaction() as tx:
            await activities.service.reactions.react(tx, [event])
    assert [await activities.rows(f"SELECT * FROM {table}") for table in tables] == before
    assert [len(rows) for rows in before] == [1, 1]


@pytest.mark.row(17, 19)
async def test_rules_that_were_accepted_under_an_entry_that_is_merged_are_accepted_by_the_person_while_it_is(
    activities: Activities, people: list[Volunteer]
) -> None:
    kept, merged, _ = people
    rules = Document(activities, "志愿者守则")
    await rules.is_published(required_from=district_day(now()))
    await rules.is_accepted(merged)
    first, second = await shift(activities), await shift(activities)
    assert (await refusal(kept, first))[:2] == (409, "rules_to_accept")
    both: dict[str, Any] = {"volunteer_id": merged.id, "volunteer_no": "M", "kept_id": kept.id, "kept_no": "K"}
    await tell(activities, VolunteersMerged(**both, merged_at=now()), merged.id, 2)
    sign_up = await kept.sign_up(first)
    await kept.withdraw(sign_up)
    await tell(activities, VolunteerMergeUndone(**both, undone_at=now()), merged.id, 3)
    assert (await refusal(kept, second))[:2] == (409, "rules_to_accept")
    await merged.sign_up(second)


@pytest.mark.row(17)
async def test_what_the_centre_has_ended_is_needed_for_no_sign_up_and_earlier_versions_do_not_come_back(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id, document = await shift(activities), Document(activities, "志愿者守则")
    first = await document.is_published(required_from=district_day(now()) - DAY)
    await document.is_published(required_from=district_day(now()))
    assert (await refusal(people[0], shift_id))[1] == "rules_to_accept"
    await document.is_ended(1, 2)
    await people[0].sign_up(shift_id)
    async with activities.worker.transaction() as tx:
        await RULES.project(tx, [first])  # it comes again, late
    await people[1].sign_up(shift_id)


@pytest.mark.row(17)
async def test_where_a_later_version_is_withdrawn_the_one_before_is_needed_as_before(
    activities: Activities, people: list[Volunteer]
) -> None:
    shift_id, document = await shift(activities), Document(activities, "志愿者守则")
    await document.is_published(required_from=district_day(now()))
    await document.is_accepted(people[0])
    await document.is_published(required_from=district_day(now()))
    await document.is_ended(2)
    await people[0].sign_up(shift_id)
    assert (await refusal(people[1], shift_id))[1] == "rules_to_accept"
