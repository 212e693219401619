"""A plan for the sample's students, made and proven: for its ten stations, and for as many places at 33."""

import csv
import gzip
import random
import time
from pathlib import Path

from services.registry.allocation.domain import plan as planning
from services.registry.allocation.domain.certificate import check
from services.registry.allocation.domain.fairness import fairness_of
from services.registry.allocation.domain.rules import Point, services_of, travel_table
from services.registry.allocation.domain.snapshot import Kind, Person, Snapshot, Station
from tests.bench.figure import Figure
from tests.bench.setting import Setting
from tests.bench.system import SAMPLE

NAME = "allocation"
_TARGET_SECONDS = 2.0
_STUDENT = "university_student"


async def measure(_setting: Setting) -> list[Figure]:
    """Time the snapshot with its digest, the plan and the check of its proof; the limit is the solver alone, once."""
    people, stations, travel = _sample()
    figures = []
    for count in (len(stations), 33):
        some, ways = (stations, travel) if count == len(stations) else _spread(stations, list(travel), count)
        began = time.perf_counter()
        snapshot = Snapshot.of(people, some, ways)
        plan = planning.make_plan(snapshot)
        check(snapshot, plan.fairness, plan.given, plan.prices, plan.without_prices)
        took = time.perf_counter() - began
        network = planning._network(snapshot, fairness_of(snapshot))
        began = time.perf_counter()
        planning._solve(network)
        alone = time.perf_counter() - began
        work = f"{len(people):,} students to {count} stations: planned, tie-broken, proven (limit: solved once)"
        figures.append(Figure(work, took, "s", alone, _TARGET_SECONDS))
    return figures


def _sample() -> tuple[list[Person], list[Station], dict[str, dict[str, int]]]:
    rows = [row for row in _read(SAMPLE / "stations.csv") if int(row["volunteer_quota"])]
    stations = [
        Station(
            row["code"],
            int(row["volunteer_quota"]),
            {name: int(count) for name, count in (part.split(":") for part in row["demand_by_service"].split(";"))},
        )
        for row in rows
    ]
    universities = {row["code"]: _point(row) for row in _read(SAMPLE / "organisations.csv")}
    people = []
    for row in _read(SAMPLE / "volunteers.csv.gz"):
        if row["人员类别"] == _STUDENT:
            wanted = frozenset(filter(None, row["服务意向"].split(";")))
            skilled = wanted & services_of(row["特长"].split(";"))
            kind = Kind(row["所属组织"], row["所属组织"], tuple(sorted(wanted)), tuple(sorted(skilled)))
            people.append(Person(row["志愿者编号"], kind))
    return people, stations, travel_table(universities, {row["code"]: _point(row) for row in rows})


def _spread(stations: list[Station], origins: list[str], count: int) -> tuple[list[Station], dict[str, dict[str, int]]]:
    """Return so many stations that ask for about as many people together, at places drawn by a seed."""
    rng, each = random.Random(1), len(stations) / count
    some = [
        Station(f"S{n:02}", int(like.capacity * each), {key: int(need * each) for key, need in like.demand.items()})
        for n in range(count)
        for like in [stations[n % len(stations)]]
    ]
    points: dict[str, Point | None] = {one.code: (103.7 + rng.random() / 5, 30.6 + rng.random() / 5) for one in some}
    starts: dict[str, Point | None] = {code: (103.8 + rng.random() / 10, 30.68 + rng.random() / 10) for code in origins}
    return some, travel_table(starts, points)


def _read(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def _point(row: dict[str, str]) -> Point:
    return float(row["lon"]), float(row["lat"])
