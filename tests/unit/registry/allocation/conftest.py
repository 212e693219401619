"""A district of the sample's shape, drawn by a seed."""

import random
from collections.abc import Callable

import pytest

from services.registry.allocation.domain.rules import travel_table
from services.registry.allocation.domain.snapshot import Kind, Person, Snapshot, Station, Task
from shared.contracts.codes import SERVICES

Draw = Callable[..., Snapshot]
UNIVERSITIES = {"U1": 9, "U2": 6, "U3": 5, "U4": 4, "U5": 3, "U6": 2}


def draw_district(seed: int = 1, people: int = 300, capacity: int = 280, stations: int = 5) -> Snapshot:
    """Return a district in which ``capacity`` places are asked for."""
    rng = random.Random(seed)
    codes = [f"STA-{number:02}" for number in range(stations)]
    points = {code: (103.7 + rng.random() * 0.2, 30.65 + rng.random() * 0.15) for code in codes}
    origins = {code: (103.8 + rng.random() * 0.1, 30.68 + rng.random() * 0.1) for code in UNIVERSITIES}
    drawn = []
    for number in range(people):
        university = rng.choices(list(UNIVERSITIES), list(UNIVERSITIES.values()))[0]
        wanted = tuple(sorted(rng.sample(sorted(SERVICES), rng.randint(0, 3))))
        skilled = tuple(service for service in wanted if rng.random() < 0.4)
        drawn.append(Person(f"{number:06}", Kind(university, university, wanted, skilled)))
    each = capacity // stations
    asked = [Station(code, each, dict.fromkeys(rng.sample(sorted(SERVICES), 4), max(1, each // 4))) for code in codes]
    return Snapshot.of(drawn, asked, travel_table(origins, points))


@pytest.fixture
def draw() -> Draw:
    return draw_district


def answered(snapshot: Snapshot, given: dict[str, Task | None], seed: int) -> tuple[Snapshot, set[str], set[str]]:
    """Return the district after a third has accepted, a tenth has declined and the rest has not answered.

    With it who has accepted and who has declined; the accepted are no more among its people.
    """
    rng = random.Random(seed)
    taken: dict[Task, int] = {}
    people, accepted, declined = [], set(), set()
    for person in snapshot.people:
        task, drawn = given[person.id], rng.random()
        if task and drawn < 1 / 3:
            taken[task] = taken.get(task, 0) + 1
            accepted.add(person.id)
            continue
        if task and drawn < 1 / 3 + 1 / 10:
            declined.add(person.id)
            kind = person.kind._replace(refused=(task.station,))
        else:
            kind = person.kind._replace(holds=task)
        people.append(person._replace(kind=kind))
    return Snapshot.of(people, snapshot.stations, snapshot.travel, taken), accepted, declined
