"""Whatever has been credited, corrected and made void: figures are what adding up the ledger entry by entry gives."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

import pytest

from shared.contracts import Provenance
from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import DISTRICT, OTHER_DISTRICT, corrected, logged
from tests.integration.assessment.reading import Reading, by_code, moved, registered

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 100
CATEGORIES = ("resident", "university_student")
SERVICES = ("culture", "law", "health")
BOUNDS: tuple[dict[str, str], ...] = (
    {},
    {"from": "2025-02-01"},
    {"to": "2025-03-01"},
    {"from": "2025-01-20", "to": "2025-02-10"},
    {"from": "2025-02-10", "to": "2025-02-11"},
)
Figures = dict[str | None, tuple[int, int, int]]


@pytest.mark.parametrize("seed", range(2))
async def test_figures_are_what_the_ledger_adds_up_to(assessment: Reading, core: Core, seed: int) -> None:
    random = Random(seed)
    stations = {await assessment.station(code): code for code in ("S1", "S2")}
    teams = {await assessment.team(code): code for code in ("T1", "T2")}
    people = {new_id(): random.choice(CATEGORIES) for _ in range(8)}
    strangers = [new_id(), new_id()]  # registry has not told of them yet
    team_since = {person: [(FIRST, random.choice([*teams, None]))] for person in people}
    for number, (person, category) in enumerate(people.items()):
        ((_, team),) = team_since[person]
        await assessment.handle(registered(person, f"V{number}", category, team, at=FIRST))
    for number, person in enumerate(people):
        if people[person] == "resident" and random.random() < 0.5:
            team_since[person].append((FIRST + timedelta(days=40), random.choice([*teams, None])))
            await assessment.handle(
                moved(person, f"V{number}", team_since[person][-1][1], 2, team_since[person][-1][0])
            )
    places = [*stations, new_id(), new_id()]  # two are stations not heard of yet
    for batch in _history(random, [*people, *strangers], places):
        await assessment.handle(*batch)

    def team_of(entry: Any) -> str | None:
        told = team_since.get(entry.volunteer_id, [(FIRST, None)])
        team = [team for since, team in told if since <= entry.started_at] or [told[0][1]]
        return teams.get(team[-1]) if team[-1] else None

    keys: dict[str, Callable[[Any], str | None]] = {
        "station": lambda entry: stations.get(entry.station_id),
        "team": team_of,
        "service": lambda entry: entry.service,
        "month": lambda entry: f"{entry.service_on:%Y-%m}",
        "category": lambda entry: people.get(entry.volunteer_id),
    }
    entries = await core.rows("SELECT * FROM ledger_entry WHERE district = :district", district=DISTRICT)
    for bounds, provenance in product(BOUNDS, (None, *Provenance)):
        period = bounds | ({"provenance": provenance} if provenance else {})
        chosen = [entry for entry in entries if _counts(entry, bounds, provenance)]
        for by, key in keys.items():
            shown = await assessment.auditor.get("/v1/statistics", by=by, **period)
            everything = _added_up(chosen, lambda _: None).get(None, (0, 0, 0))
            assert (shown["minutes"], shown["sessions"], shown["volunteers"]) == everything, (by, period)
            assert by_code(shown["groups"]) == _added_up(chosen, key), (by, period)
        alone = await assessment.auditor.get("/v1/statistics", **period)
        assert alone == shown | {"groups": [], "as_of": alone["as_of"]}
    for bounds, by in product(BOUNDS, ("station", "service", "category")):
        await _every_group_leads_to_its_people(assessment, by, bounds)


async def _every_group_leads_to_its_people(assessment: Reading, by: str, bounds: dict[str, str]) -> None:
    shown = await assessment.auditor.get("/v1/statistics", by=by, **bounds)
    for code, figures in by_code(shown["groups"]).items():
        if code is not None:
            await _leads_to_its_people(assessment, figures, bounds | {by: code})


async def _leads_to_its_people(assessment: Reading, figures: tuple[int, int, int], narrowed: dict[str, str]) -> None:
    """Ask for one group's figures alone, and for the people whose they are: those add up to it."""
    alone = await assessment.auditor.get("/v1/statistics", **narrowed)
    assert (alone["minutes"], alone["sessions"], alone["volunteers"]) == figures, narrowed
    people = await assessment.auditor.pages("/v1/volunteer-hours", served=True, limit=3, **narrowed)
    assert all(one["sessions"] for one in people)
    assert [one["volunteer_no"] for one in people] == sorted(one["volunteer_no"] for one in people)
    added = sum(one["minutes"] for one in people), sum(one["sessions"] for one in people), len(people)
    if "category" in narrowed:  # whose category is not known, registry has not told of either
        assert added == figures, narrowed
    else:
        assert all(mine <= whole for mine, whole in zip(added, figures, strict=True)), narrowed


def _history(random: Random, people: list[UUID], places: list[UUID]) -> Iterator[list[Received[Any]]]:
    """Give batches of records, some of another district, and of what becomes of them: other minutes, or none."""
    for _ in range(4):
        batch: list[Received[Any]] = []
        for _ in range(40):
            record = logged(
                random.choice(people),
                random.randint(1, 300),
                district=random.choice([DISTRICT, DISTRICT, OTHER_DISTRICT]),
                started_at=FIRST + timedelta(minutes=random.randrange(DAYS * 24 * 60)),
                station_id=random.choice(places),
                service=random.choice(SERVICES),
                provenance=random.choice(list(Provenance)),
            )
            batch.append(record)
            minutes = record.data.minutes
            for version in range(2, 2 + random.choice([0, 0, 0, 1, 2])):
                changed = random.choice([0, minutes + 5])
                if changed != minutes:
                    batch.append(corrected(record, changed, previous=minutes, version=version))
                    minutes = changed
        yield batch


def _counts(entry: Any, bounds: dict[str, str], provenance: Provenance | None) -> bool:
    first, end = (
        date.fromisoformat(bounds.get(name, day)) for name, day in (("from", "2000-01-01"), ("to", "2100-01-01"))
    )
    return first <= entry.service_on < end and provenance in (None, entry.provenance)


def _added_up(entries: list[Any], key: Callable[[Any], str | None]) -> Figures:
    """Return minutes, sessions and volunteers by key, of those where a session stands."""
    minutes: dict[str | None, int] = defaultdict(int)
    standing: dict[str | None, dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        minutes[key(entry)] += entry.minutes
        standing[key(entry)][entry.volunteer_id] += -1 if entry.kind == "reversal" else 1
    return {
        group: (minutes[group], sum(people.values()), sum(1 for sessions in people.values() if sessions))
        for group, people in standing.items()
        if sum(people.values())
    }
