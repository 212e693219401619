"""What one of several districts asks its ledger: its figures, and who would be nominated, beside the same alone.

The ledger is filled by SQL: what is measured is how it is read, as the api role and under row security.
"""

import csv
import gzip
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.annual.queries import preview
from services.assessment.statistics.entries import entries_of
from services.assessment.statistics.period import Period
from services.assessment.statistics.queries import Grouping, statistics
from services.assessment.statistics.volunteers import hours_by_volunteer, hours_of_served
from shared.store.engine import Store
from shared.store.event_log import new_id, now
from tests.bench.figure import Figure
from tests.bench.setting import Setting
from tests.bench.system import ROSTER, SERVICE_RECORDS
from tests.support.infrastructure import Urls

NAME = "statistics"
DISTRICT, DISTRICTS, ROUNDS = "510115", 5, 9
YEAR, MONTH = Period(date(2024, 12, 5), date(2025, 12, 5)), Period(date(2025, 3, 1), date(2025, 4, 1))
_CREDITS = (
    "district, record_id, version, kind, volunteer_id, minutes, provenance, station_id, service, activity_title, "
    "started_at, service_on, rating, event_id, recorded_at, rule_set"
)
_HOURS = """
    INSERT INTO volunteer_hours (district, volunteer_id, minutes, sessions)
    SELECT district, volunteer_id, sum(minutes), count(*) FROM ledger_entry GROUP BY 1, 2
"""
_ANOTHER = (
    ("known_volunteer", "id, number, category, version"),
    ("volunteer_hours", "volunteer_id, minutes, sessions"),
    ("ledger_entry", _CREDITS.removeprefix("district, ")),
)
"""What a district more is made of: the first's rows under another code. Ids are a district's own."""

Read = Callable[[AsyncConnection], Awaitable[object]]


def _figures(period: Period, by: Grouping | None) -> Read:
    return lambda tx: statistics(tx, DISTRICT, period, by, now())


_READS: dict[str, tuple[Read, float]] = {
    "statistics of all years": (_figures(Period(), None), 30),
    "statistics of a month by station": (_figures(MONTH, Grouping.STATION), 30),
    "statistics of a year by station": (_figures(YEAR, Grouping.STATION), 30),
    "a page of everybody's hours": (lambda tx: hours_by_volunteer(tx, DISTRICT, YEAR, None, 50), 30),
    "a page of the people of a month": (lambda tx: hours_of_served(tx, DISTRICT, MONTH, None, 50), 100),
    "a page of a year's entries": (lambda tx: entries_of(tx, DISTRICT, YEAR, None, 50), 130),
    "preview of a year's nominations": (lambda tx: preview(tx, DISTRICT, 2025), 500),
}
"""Each read, and the milliseconds that it may take."""


async def measure(setting: Setting) -> list[Figure]:
    """Read a district that is alone, then the same among others."""
    urls = await setting.database("assessment")
    await _fill(setting, urls)
    alone = {name: await _milliseconds(urls, read) for name, (read, _) in _READS.items()}
    await _fill_others(urls)
    async with setting.watched():
        among = {name: await _milliseconds(urls, read) for name, (read, _) in _READS.items()}
    return [
        Figure(f"{name}, one of {DISTRICTS} districts (limit: alone)", among[name], "ms", alone[name], most)
        for name, (_, most) in _READS.items()
    ]


async def _milliseconds(urls: Urls, read: Read) -> float:
    """Return how long a read takes, in the middle of some, after one that fills the caches."""
    spent: list[float] = []
    async with Store(urls.api, pool_size=1) as store:
        for _ in range(1 + ROUNDS):
            async with store.transaction(DISTRICT) as tx:
                started = time.monotonic()
                await read(tx)
                spent.append((time.monotonic() - started) * 1000)
    return median(spent[1:])


async def _fill(setting: Setting, urls: Urls) -> None:
    """Have the ledger hold a year of a real district."""
    volunteers = {row["志愿者编号"]: (new_id(), row["人员类别"]) for row in _rows(ROSTER)}
    known = [(DISTRICT, of, number, category, 1) for number, (of, category) in volunteers.items()]
    entries = _entries({number: of for number, (of, _) in volunteers.items()})
    # whom row-level security does not bind: COPY does not work under it
    superuser = await asyncpg.connect(setting.servers.postgres.url, database=make_url(urls.owner).database)
    try:
        await superuser.copy_records_to_table(
            "known_volunteer", records=known, columns=["district", "id", "number", "category", "version"]
        )
        await superuser.copy_records_to_table("ledger_entry", records=entries, columns=_CREDITS.split(", "))
        await superuser.execute(_HOURS)
    finally:
        await superuser.close()
    await _settle(urls)


async def _fill_others(urls: Urls) -> None:
    worker = await asyncpg.connect(urls.worker)
    try:
        for number in range(1, DISTRICTS):
            for table, named in _ANOTHER:
                await worker.execute(
                    f"INSERT INTO {table} (district, {named}) SELECT $1, {named} FROM {table} WHERE district = $2",
                    str(int(DISTRICT) + number),
                    DISTRICT,
                )
    finally:
        await worker.close()
    await _settle(urls)


async def _settle(urls: Urls) -> None:
    """Leave the tables as autovacuum does."""
    owner = await asyncpg.connect(urls.owner)
    try:
        await owner.execute("VACUUM (ANALYZE)")
    finally:
        await owner.close()


def _entries(volunteers: dict[str, UUID]) -> list[tuple[Any, ...]]:
    stations: dict[str, UUID] = {}
    moment, entries = now(), []
    for row in _rows(SERVICE_RECORDS):
        start = datetime.fromisoformat(row["started_at"])
        station = stations.setdefault(row["station_code"], new_id())
        rating = int(row["recipient_rating"]) if row["recipient_rating"] else None
        what = (int(row["minutes"]), "import", station, row["service"], row["activity"])
        by = (DISTRICT, new_id(), 1, "credit", volunteers[row["volunteer_no"]])
        entries.append((*by, *what, start, start.date(), rating, new_id(), moment, f"{DISTRICT}/2025.1"))
    return entries


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)
