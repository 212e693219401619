"""A1: a figure leads to the entries that it is the sum of, whatever it is of; numbers on both sides agree."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts import Provenance
from shared.contracts.actor import Role
from shared.store.event_log import new_id
from tests.integration.assessment.events import OTHER_DISTRICT, corrected
from tests.integration.assessment.reading import Reading, moved, registered, served

NARROWED_BY = ("station", "team", "service", "category")


async def a_district(assessment: Reading) -> None:
    """Have it know records of everything that figures are grouped by; corrected, voided, of somebody who moves on."""
    first, second = await assessment.station("510115-STA-01"), await assessment.station("510115-STA-02")
    old, new = await assessment.team("T-OLD"), await assessment.team("T-NEW")
    mover, alone = new_id(), await assessment.volunteer("V2", category="university_student")
    joined, left = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)
    await assessment.handle(registered(mover, "V1", team_id=old, at=joined))
    await assessment.handle(moved(mover, "V1", new, version=2, at=left))
    records = [
        served(mover, 61, "2025-01-31T23:30+08:00", station_id=first, service="law"),
        served(mover, 122, "2025-02-10T09:00+08:00", station_id=second, provenance=Provenance.SELF_CHECK_IN),
        served(mover, 243, "2025-03-10T09:00+08:00", station_id=first, import_id=new_id()),
        served(alone, 484, "2025-03-10T09:00+08:00", station_id=second),
        served(alone, 965, "2025-03-10T09:00+08:00", station_id=second, service="law"),
        served(alone, 7, "2025-03-11T09:00+08:00", station_id=new_id()),  # of a station not heard of yet
        served(new_id(), 9, "2025-03-11T09:00+08:00", station_id=first),  # of somebody not heard of yet
    ]
    await assessment.handle(*records)
    await assessment.handle(corrected(records[1], 100), corrected(records[4], 0))
    await assessment.handle(corrected(records[1], 110, previous=100, version=3))


async def agree(assessment: Reading, figure: dict[str, Any], **narrowed: str) -> None:
    entries = await assessment.auditor.pages("/v1/ledger-entries", limit=2, **narrowed)
    assert sum(entry["minutes"] for entry in entries) == figure["minutes"], narrowed
    standing = sum(-1 if entry["kind"] == "reversal" else 1 for entry in entries)
    assert standing == figure["sessions"], narrowed
    keys = [(entry["record_id"], entry["version"], entry["kind"]) for entry in entries]
    assert len(set(keys)) == len(keys), "a page repeats what the one before it had"


@pytest.mark.row(55)
async def test_the_entries_behind_a_figure_add_up_to_it_by_whatever_it_is_grouped(assessment: Reading) -> None:
    await a_district(assessment)
    periods: list[dict[str, str]] = [{}, {"from": "2025-02-01"}, {"to": "2025-03-11"}, {"provenance": "leader"}]
    for period in periods:
        whole = await assessment.auditor.get("/v1/statistics", **period)
        await agree(assessment, whole, **period)
        for by in NARROWED_BY:
            groups = (await assessment.auditor.get("/v1/statistics", by=by, **period))["groups"]
            for group in groups:
                narrowed = {**period, by: group["code"] or "-"}
                await agree(assessment, group, **narrowed)
                alone = await assessment.auditor.get("/v1/statistics", **narrowed)
                assert [alone[name] for name in ("minutes", "sessions", "volunteers")] == [
                    group[name] for name in ("minutes", "sessions", "volunteers")
                ]
        for person in await assessment.auditor.pages("/v1/volunteer-hours", served="true", **period):
            await agree(assessment, person, **period, volunteer=person["volunteer_no"])
    months = (await assessment.auditor.get("/v1/statistics", by="month"))["groups"]
    days = {
        "2025-01": ("2025-01-01", "2025-02-01"),
        "2025-02": ("2025-02-01", "2025-03-01"),
        "2025-03": ("2025-03-01",),
    }
    for month in months:
        await agree(assessment, month, **dict(zip(("from", "to"), days[month["code"]], strict=False)))


async def test_a_team_s_row_has_the_records_of_the_time_that_somebody_was_in_it(assessment: Reading) -> None:
    await a_district(assessment)
    entries = {
        team: [entry["minutes"] for entry in await assessment.auditor.pages("/v1/ledger-entries", team=team)]
        for team in ("T-OLD", "T-NEW", "T-NONE")
    }
    assert entries == {"T-OLD": [110, -100, 100, -122, 122, 61], "T-NEW": [243], "T-NONE": []}


async def test_an_entry_says_whose_it_is_where_and_of_which_event(assessment: Reading) -> None:
    station = await assessment.station()
    record = served(await assessment.volunteer("V7"), 60, station_id=station)
    await assessment.handle(record)
    [entry] = (await assessment.auditor.get("/v1/ledger-entries"))["items"]
    assert (entry["volunteer_no"], entry["station"], entry["kind"]) == ("V7", "站 510115-STA-01", "credit")
    assert entry["event_id"] == str(record.attributes.id)
    neighbour = assessment.reader(Role.AUDITOR, district=OTHER_DISTRICT)
    assert (await neighbour.get("/v1/ledger-entries"))["items"] == []


async def test_a_figure_says_as_of_when_it_is(assessment: Reading) -> None:
    first = await assessment.auditor.get("/v1/statistics")
    second = await assessment.auditor.get("/v1/statistics", by="month")
    assert datetime.fromisoformat(first["as_of"]) < datetime.fromisoformat(second["as_of"])
