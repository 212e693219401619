"""A1: by which events, in which places of Kafka, a record counts what it counts."""

from dataclasses import replace

import pytest

from shared.contracts.actor import Role
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import OTHER_DISTRICT, corrected
from tests.integration.assessment.reading import Reading, reading, served
from tests.integration.assessment.test_path import publish

READERS = {Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR, Role.VOLUNTEER}


@pytest.mark.row(55)
@pytest.mark.usefixtures("kafka")
async def test_every_step_names_its_event_and_its_place_in_kafka(core: Core, assessment: Reading) -> None:
    volunteer_id = await assessment.volunteer("V1")
    record = served(volunteer_id, 120)
    events = [record, corrected(record, 90), corrected(record, 0, previous=90, version=3)]
    await publish(core, [served(volunteer_id, 1), *events])
    for event in events:
        await assessment.handle(event)
    told = await assessment.auditor.get(f"/v1/service-records/{record.data.record_id}/explanation")
    assert (told["volunteer_no"], told["minutes"], told["places_known"]) == ("V1", 0, True)
    assert [(step["event_id"], step["version"], step["change"], step["total"]) for step in told["steps"]] == [
        (str(event.attributes.id), version, change, total)
        for event, version, change, total in zip(events, (1, 2, 3), (120, -30, -90), (120, 90, 0), strict=True)
    ]
    assert [[(entry["kind"], entry["minutes"]) for entry in step["entries"]] for step in told["steps"]] == [
        [("credit", 120)],
        [("reversal", -120), ("correction", 90)],
        [("reversal", -90)],
    ]
    places = [step["place"] for step in told["steps"]]
    assert {place["topic"] for place in places} == {"activities.service-record"}
    assert len({place["partition"] for place in places}) == 1, "of one record, so of one key"
    offsets = [place["offset"] for place in places]
    assert offsets == sorted(set(offsets))


@pytest.mark.usefixtures("kafka")
async def test_what_kafka_does_not_hold_is_said_to_have_no_place(assessment: Reading) -> None:
    record = served(await assessment.volunteer(), 120)
    await assessment.handle(record)
    told = await assessment.auditor.get(f"/v1/service-records/{record.data.record_id}/explanation")
    assert told["places_known"]
    assert [step["place"] for step in told["steps"]] == [None]


async def test_while_kafka_is_away_the_steps_are_there_without_their_places(core: Core) -> None:
    async with reading(replace(core, servers="127.0.0.1:1")) as assessment:
        record = served(await assessment.volunteer(), 120)
        await assessment.handle(record)
        told = await assessment.auditor.get(f"/v1/service-records/{record.data.record_id}/explanation")
    assert not told["places_known"]
    assert [step["total"] for step in told["steps"]] == [120]


async def test_auditors_and_the_office_are_told_it_and_a_volunteer_of_the_own_records(core: Core) -> None:
    async with reading(replace(core, servers="127.0.0.1:1")) as assessment:
        own, other = await assessment.volunteer(), await assessment.volunteer()
        record, of_other = served(own, 60), served(other, 60)
        await assessment.handle(record, of_other)
        path = f"/v1/service-records/{record.data.record_id}/explanation"
        let_in = {role for role in Role if (await assessment.reader(role, volunteer_id=own).send(path)).is_success}
        assert let_in == READERS
        volunteer = assessment.reader(Role.VOLUNTEER, volunteer_id=own)
        assert not (await volunteer.get(path))["places_known"]
        stranger = await volunteer.send(f"/v1/service-records/{of_other.data.record_id}/explanation")
        assert stranger.status_code == 403
        neighbour = assessment.reader(Role.AUDITOR, district=OTHER_DISTRICT)
        for reader, record_id in ((assessment.auditor, new_id()), (neighbour, record.data.record_id)):
            assert (await reader.send(f"/v1/service-records/{record_id}/explanation")).status_code == 404
