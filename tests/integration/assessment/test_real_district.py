"""A whole real district: a year of service through the handlers, and every figure as an independent program has it."""

import csv
import gzip
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.contracts import Provenance, RegistrationSource, ServiceLogged, VolunteerRegistered
from shared.contracts.received import Received
from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import imported, received
from tests.integration.assessment.reading import Reading, reading
from tests.support.infrastructure import TABLES_OF_SERVICE, Infrastructure, Urls
from tests.support.services import reactions

SAMPLE = Path(__file__).parents[3] / "deploy" / "sample" / "510115"
BATCH = 2000
"""As many events as the consumer takes at once."""
YEAR = {"from": "2024-12-05", "to": "2025-12-05"}


def rows(name: str) -> Iterator[dict[str, str]]:
    """Read a CSV file of the sample, compressed or not."""
    path = SAMPLE / name
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def registrations() -> Iterator[Received[VolunteerRegistered]]:
    for row in rows("volunteers.csv.gz"):
        data = VolunteerRegistered(
            volunteer_id=new_id(),
            volunteer_no=row["志愿者编号"],
            category=row["人员类别"],
            registered_on=date.fromisoformat(row["注册日期"]),
            source=RegistrationSource.IMPORT,
        )
        yield received(data, data.volunteer_id)


def records(volunteers: dict[str, UUID], import_id: UUID) -> Iterator[Received[ServiceLogged]]:
    stations = {row["code"]: new_id() for row in rows("stations.csv")}
    for row in rows("service_records.csv.gz"):
        data = ServiceLogged(
            record_id=new_id(),
            record_no=row["record_no"],
            volunteer_id=volunteers[row["volunteer_no"]],
            station_id=stations[row["station_code"]],
            activity_title=row["activity"],
            service=row["service"],
            started_at=datetime.fromisoformat(row["started_at"]),
            ended_at=datetime.fromisoformat(row["ended_at"]),
            minutes=int(row["minutes"]),
            rating=int(row["recipient_rating"]) if row["recipient_rating"] else None,
            provenance=Provenance.IMPORT,
            import_id=import_id,
        )
        yield received(data, data.record_id)


@dataclass
class District:
    """The district with all of its records in the ledger."""

    core: Core
    import_id: UUID
    records: int
    events_per_second: float


async def keep_autovacuum_away(database: Urls) -> None:
    """Leave the planner without statistics, as it is after a bulk of records until autovacuum has come by."""
    async with Store(database.owner) as owner, owner.transaction() as tx:
        for (table,) in (await tx.execute(text(TABLES_OF_SERVICE))).all():
            await tx.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))


@pytest.fixture(scope="module")
async def district(database: Urls, infrastructure: Infrastructure) -> AsyncIterator[District]:
    await keep_autovacuum_away(database)
    core = Core(database, Store(database.worker), infrastructure.bootstrap_servers, "")
    async with reading(core) as assessment:
        registered = list(registrations())
        for start in range(0, len(registered), BATCH):
            await assessment.handle(*registered[start : start + BATCH])
    import_id = new_id()
    logged = list(records({event.data.volunteer_no: event.data.volunteer_id for event in registered}, import_id))
    started = time.perf_counter()
    for start in range(0, len(logged), BATCH):
        async with core.worker.transaction() as tx:
            await reactions("assessment").react(tx, logged[start : start + BATCH])
    elapsed = time.perf_counter() - started
    await core.handle(imported(logged, import_id))
    yield District(core, import_id, len(logged), len(logged) / elapsed)
    await core.worker.close()


@pytest.fixture
async def assessment(district: District) -> AsyncIterator[Reading]:
    async with reading(district.core) as under_test:
        yield under_test


@pytest.fixture(scope="module")
def expected() -> Any:
    return json.loads((SAMPLE / "expected" / "expected_totals.json").read_text())


async def test_the_import_is_in_the_ledger_and_closed(
    assessment: Reading, district: District, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = await assessment.auditor.get(f"/v1/imports/{district.import_id}/progress")
    assert progress["closed"]
    assert progress["credited_records"] == progress["expected_records"] == district.records
    with capsys.disabled():
        print(f"\n{district.records:,} records credited at {district.events_per_second:,.0f} a second")  # noqa: T201


async def test_totals(assessment: Reading, expected: Any) -> None:
    year = await assessment.auditor.get("/v1/statistics", **YEAR)
    lifetime = await assessment.auditor.get("/v1/statistics")
    assert {"records": year["sessions"], "minutes": year["minutes"]} == expected["in_window"]
    assert lifetime["minutes"] == expected["lifetime_minutes"]
    assert lifetime["volunteers"] == expected["volunteers_with_records"]


async def test_star_levels(assessment: Reading, expected: Any) -> None:
    levels = (await assessment.auditor.get("/v1/statistics/stars"))["levels"]
    assert {str(level["level"]): level["volunteers"] for level in levels} == expected["stars"]


@pytest.mark.row(51)
async def test_every_volunteers_figures(assessment: Reading) -> None:
    found = await assessment.auditor.pages("/v1/volunteer-hours", limit=1000, **YEAR)
    fields = ("minutes", "sessions", "lifetime_minutes", "stars")
    assert {(one["volunteer_no"], one["category"], *(one[field] for field in fields)) for one in found} == {
        (row["volunteer_no"], row["category"], *(int(row[field]) for field in fields))
        for row in rows("expected/expected_volunteers.csv.gz")
    }


@pytest.mark.row(51)
async def test_the_figures_of_who_served_in_the_year(assessment: Reading) -> None:
    page = await assessment.auditor.get("/v1/volunteer-hours", limit=1000, served="true", **YEAR)
    served = [row for row in rows("expected/expected_volunteers.csv.gz") if row["sessions"] != "0"]
    assert [(one["volunteer_no"], one["minutes"], one["lifetime_minutes"]) for one in page["items"]] == [
        (row["volunteer_no"], int(row["minutes"]), int(row["lifetime_minutes"])) for row in served[:1000]
    ]


@pytest.mark.row(51)
async def test_nominations(assessment: Reading, expected: Any) -> None:
    preview = await assessment.auditor.get(f"/v1/assessments/{expected['year']}/preview")
    assert (preview["eligible"], preview["nominated"]) == (expected["eligible"], expected["nominated"])
    fields = ("group", "rank", "volunteer_no", "score", "minutes")
    assert [tuple(str(one[field]) for field in fields) for one in preview["nominations"]] == [
        tuple(row[field] for field in fields) for row in rows("expected/expected_nominations.csv")
    ]


@pytest.mark.row(50)
async def test_what_each_of_the_nominated_is_scored_on(assessment: Reading, expected: Any) -> None:
    preview = await assessment.auditor.get(f"/v1/assessments/{expected['year']}/preview")
    by_number = {row["volunteer_no"]: row for row in rows("expected/expected_volunteers.csv.gz")}
    for one in preview["nominations"]:
        row = by_number[one["volunteer_no"]]
        fields = ("score", "sessions", "months", "ratings")
        assert [str(one[field]) for field in fields] == [row[field] for field in fields]


async def test_everybody_eligible_is_counted_in_their_group(assessment: Reading, expected: Any) -> None:
    preview = await assessment.auditor.get(f"/v1/assessments/{expected['year']}/preview")
    eligible = Counter(
        row["category"] == "university_student"
        for row in rows("expected/expected_volunteers.csv.gz")
        if row["eligible"] == "True"
    )
    assert {size["group"]: size["eligible"] for size in preview["groups"]} == {
        "university_student": eligible[True],
        "other": eligible[False],
    }


async def test_groups_add_up_to_the_totals(assessment: Reading, expected: Any) -> None:
    for by in ("station", "team", "service", "month", "category"):
        figures = await assessment.auditor.get("/v1/statistics", by=by, **YEAR)
        assert sum(group["minutes"] for group in figures["groups"]) == expected["in_window"]["minutes"]
        assert sum(group["sessions"] for group in figures["groups"]) == expected["in_window"]["records"]


async def test_one_star_is_announced_to_each_who_has_any_and_nothing_else(district: District, expected: Any) -> None:
    announced = Counter(event.name for event in await district.core.announced())
    with_stars = sum(count for level, count in expected["stars"].items() if level != "0")
    assert announced == {"ImportCredited": 1, "StarLevelReached": with_stars}
