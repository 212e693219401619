"""Credits and corrections in the ledger, what is announced of them, and that the balance is always the sum."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.received import BrokenInvariantError, Received
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import DISTRICT, OTHER_DISTRICT, corrected, logged, received

_ENTRIES = """
    SELECT version, kind, minutes, provenance, rule_set FROM ledger_entry WHERE record_id = :record
    ORDER BY version, kind DESC
"""


async def test_a_record_is_credited_and_announced(core: Core) -> None:
    volunteer = new_id()
    record = logged(volunteer, 90)
    await core.handle(record)
    assert await core.hours(volunteer) == (90, 1, 0)
    entries = await core.rows(_ENTRIES, record=record.data.record_id)
    assert [tuple(entry) for entry in entries] == [(1, "credit", 90, "leader", "510115/2025.1")]
    [told] = await core.announced()
    assert (told.aggregate_id, told.version, told.name) == (volunteer, 1, "HoursCredited")
    assert told.caused_by == f"event:{record.attributes.id}"
    assert told.data["lifetime_minutes"] == 90


async def test_an_entry_says_what_it_is_of_and_when_it_happened(core: Core) -> None:
    before_midnight_utc = datetime(2026, 2, 28, 16, 30, tzinfo=UTC)
    record = logged(new_id(), started_at=before_midnight_utc, rating=4)
    await core.handle(record)
    [entry] = await core.rows(
        "SELECT event_id, recorded_at, started_at, service_on::text, rating, activity_title FROM ledger_entry"
    )
    assert tuple(entry) == (
        record.attributes.id,
        record.attributes.time,
        before_midnight_utc,
        "2026-03-01",  # the day that it is in China
        4,
        "社区读书会",
    )


async def test_several_records_of_one_volunteer_in_one_batch_have_rising_versions(core: Core) -> None:
    one, another = new_id(), new_id()
    await core.handle(logged(one, 10), logged(another, 5), logged(one, 20), logged(one, 30))
    await core.handle(logged(one, 40))
    told = [(row.version, row.data["minutes"], row.data["lifetime_minutes"]) for row in await core.announced()]
    assert [entry for entry in told if entry[1] != 5] == [(1, 10, 10), (2, 20, 30), (3, 30, 60), (4, 40, 100)]
    assert await core.hours(one) == (100, 4, 0)
    assert await core.hours(another) == (5, 1, 0)


async def test_an_event_told_again_changes_nothing(core: Core) -> None:
    volunteer = new_id()
    record = logged(volunteer)
    again = received(record.data, record.data.record_id)  # another event id, as from a producer that repeats itself
    correction = corrected(record, 30)
    await core.handle(record, again)
    await core.handle(again, correction)
    await core.handle(record, correction, received(correction.data, record.data.record_id, 2))
    assert await core.hours(volunteer) == (30, 1, 0)
    assert [row.name for row in await core.announced()] == ["HoursCredited", "HoursCorrected"]


@pytest.mark.row(41)
async def test_a_correction_reverses_and_enters_anew(core: Core) -> None:
    volunteer = new_id()
    record = logged(volunteer, 120)
    await core.handle(logged(volunteer, 60), record)
    await core.handle(corrected(record, 90))
    entries = await core.rows(_ENTRIES, record=record.data.record_id)
    assert [(entry.version, entry.kind, entry.minutes) for entry in entries] == [
        (1, "credit", 120),
        (2, "reversal", -120),
        (2, "correction", 90),
    ]
    assert await core.hours(volunteer) == (150, 2, 0)
    told = (await core.announced("HoursCorrected"))[0]
    assert (told.version, told.data["minutes"], told.data["previous_minutes"]) == (3, 90, 120)
    assert told.data["lifetime_minutes"] == 150


async def test_a_voided_record_is_no_session_any_more(core: Core) -> None:
    volunteer = new_id()
    record = logged(volunteer, 120)
    await core.handle(record)
    await core.handle(corrected(record, 0))
    assert await core.hours(volunteer) == (0, 0, 0)
    assert [entry.kind for entry in await core.rows(_ENTRIES, record=record.data.record_id)] == ["credit", "reversal"]


async def test_a_record_and_two_corrections_in_one_batch(core: Core) -> None:
    volunteer = new_id()
    record = logged(volunteer, 120)
    await core.handle(record, corrected(record, 90), corrected(record, 100, previous=90, version=3))
    assert await core.hours(volunteer) == (100, 1, 0)
    told = [(row.version, row.name, row.data["lifetime_minutes"]) for row in await core.announced()]
    assert told == [(1, "HoursCredited", 120), (2, "HoursCorrected", 90), (3, "HoursCorrected", 100)]


@pytest.mark.parametrize("wrong", ["unknown record", "another volunteer", "another figure"])
async def test_a_correction_that_contradicts_the_ledger_is_an_invariant_broken(core: Core, wrong: str) -> None:
    volunteer = new_id()
    record = logged(volunteer, 120)
    await core.handle(record)
    correction = {
        "unknown record": corrected(logged(volunteer, 120), 90),
        "another volunteer": corrected(record, 90, volunteer_id=new_id()),
        "another figure": corrected(record, 90, previous=60),
    }[wrong]
    with pytest.raises(BrokenInvariantError):
        await core.handle(logged(volunteer), correction)
    assert await core.hours(volunteer) == (120, 1, 0)
    assert len(await core.announced()) == 1


async def test_a_district_without_rules_of_its_own_follows_the_platform(core: Core) -> None:
    record = logged(new_id(), 6000, district=OTHER_DISTRICT)
    await core.handle(record)
    [entry] = await core.rows(_ENTRIES, record=record.data.record_id)
    assert entry.rule_set == "default/2025.1"
    [star] = await core.announced("StarLevelReached")
    assert star.data["rule_set"] == "default/2025.1"


async def test_districts_in_one_batch_stay_apart(core: Core) -> None:
    volunteer = new_id()  # the same person may serve in both
    await core.handle(logged(volunteer, 10), logged(volunteer, 20, district=OTHER_DISTRICT), logged(volunteer, 30))
    assert await core.hours(volunteer) == (40, 2, 0)
    assert await core.hours(volunteer, OTHER_DISTRICT) == (20, 1, 0)
    told = [(row.district, row.version, row.data["lifetime_minutes"]) for row in await core.announced()]
    assert sorted(told) == [(DISTRICT, 1, 10), (DISTRICT, 2, 40), (OTHER_DISTRICT, 1, 20)]


_STEP = st.tuples(
    st.sampled_from(["log", "correct", "repeat"]),
    st.integers(0, 2),  # which volunteer, or with the next which record
    st.integers(1, 4000),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(_STEP, min_size=1, max_size=8), min_size=1, max_size=5))
@pytest.mark.row(41)
async def test_the_balance_is_the_sum_of_the_ledger_whatever_happens(
    core: Core, batches: list[list[tuple[str, int, int]]]
) -> None:
    volunteers = [new_id() for _ in range(3)]
    records: list[Received[Any]] = []
    told: list[Received[Any]] = []
    figures: dict[UUID, tuple[UUID, int, int]] = {}  # record -> volunteer, minutes, version
    for batch in batches:
        events: list[Received[Any]] = []
        for kind, number, minutes in batch:
            if kind == "log" or not records:
                record = logged(volunteers[number], minutes)
                records.append(record)
                events.append(record)
                figures[record.data.record_id] = (volunteers[number], minutes, 1)
            elif kind == "repeat":
                events.append(told[minutes % len(told)] if told else events[0])
            else:
                record = records[minutes % len(records)]
                volunteer, present, version = figures[record.data.record_id]
                right = minutes if number else 0
                if present in (0, right):
                    continue  # activities refuses it
                events.append(corrected(record, right, previous=present, version=version + 1))
                figures[record.data.record_id] = (volunteer, right, version + 1)
        if events:
            await core.handle(*events)
        told += events
    for volunteer in volunteers:
        of_volunteer = [minutes for owner, minutes, _ in figures.values() if owner == volunteer]
        [ledger] = await core.rows(
            "SELECT coalesce(sum(minutes), 0) FROM ledger_entry WHERE volunteer_id = :volunteer", volunteer=volunteer
        )
        minutes, sessions, _ = await core.hours(volunteer)
        assert minutes == ledger[0] == sum(of_volunteer)
        assert sessions == sum(figure > 0 for figure in of_volunteer)
        versions = [row.version for row in await core.announced() if row.aggregate_id == volunteer]
        assert versions == list(range(1, len(versions) + 1))
