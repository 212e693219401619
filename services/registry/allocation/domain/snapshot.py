"""What a plan is made of: people, stations and ways at one moment, and what each pair costs.

Invariant: a snapshot is in canonical order (people by id, stations by code) and has a digest, so the plan does not
depend on the order in which rows were read, and what it was made of can be shown later.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from services.registry.allocation.domain.rules import (
    ANY_SERVICE,
    MOVED,
    NO_SKILL,
    RULES,
    UNWANTED,
)


class Task(NamedTuple):
    """What somebody does where: the codes of a station and of a service it asks for."""

    station: str
    service: str


class Kind(NamedTuple):
    """All that matters of a person here; whoever is of the same kind costs the same everywhere."""

    university: str
    """The organisation's code, empty where a student is in none."""
    origin: str
    """Where they travel from: the code of their community or university."""
    wanted: tuple[str, ...]
    """The services that they want to do, sorted."""
    skilled: tuple[str, ...]
    """Those of them that they have a skill for."""
    refused: tuple[str, ...] = ()
    """Stations that they have declined."""
    holds: Task | None = None
    """What has been proposed to them and is not answered yet."""


class Person(NamedTuple):
    """Somebody who may be given a place; ``id`` says who, to nobody outside registry."""

    id: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Station:
    """A station: how many it has room for, and how many it needs for each service."""

    code: str
    capacity: int
    demand: Mapping[str, int]


class Parts(NamedTuple):
    """What a place costs somebody, by reason; ``total`` is their sum."""

    travel: int
    fit: int
    moved: int

    @property
    def total(self) -> int:
        """The sum."""
        return sum(self)


@dataclass(frozen=True)
class Snapshot:
    """People and stations as they were when the plan was made. ``of`` puts them in order."""

    people: tuple[Person, ...]
    stations: tuple[Station, ...]
    travel: Mapping[str, Mapping[str, int]]
    """Origin -> station -> tenths of minutes."""
    taken: Mapping[Task, int] = field(default_factory=dict)
    """Places that somebody has accepted already; they stay as they are."""

    @classmethod
    def of(
        cls,
        people: Iterable[Person],
        stations: Iterable[Station],
        travel: Mapping[str, Mapping[str, int]],
        taken: Mapping[Task, int] | None = None,
    ) -> "Snapshot":
        """Return the snapshot in canonical order."""
        return cls(
            tuple(sorted(people)),
            tuple(sorted(stations, key=lambda station: station.code)),
            travel,
            taken or {},
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all of it and the version of the rules: what the plan's lots are drawn by."""
        written = json.dumps(
            [
                RULES,
                self.people,
                [(station.code, station.capacity, sorted(station.demand.items())) for station in self.stations],
                sorted((origin, sorted(ways.items())) for origin, ways in self.travel.items()),
                sorted(self.taken.items()),
            ]
        )
        return hashlib.sha256(written.encode()).hexdigest()

    def cost(self, kind: Kind, task: Task) -> Parts:
        """Return what a place costs somebody of this kind."""
        moved = MOVED if kind.holds is not None and kind.holds != task else 0
        return Parts(self.travel[kind.origin][task.station], fit(kind, task.service), moved)


def fit(kind: Kind, service: str) -> int:
    """Return what a service costs somebody: nothing where they want to do it and are skilled."""
    if service == ANY_SERVICE:
        return NO_SKILL
    if service not in kind.wanted:
        return UNWANTED
    return 0 if service in kind.skilled else NO_SKILL


def may_go(snapshot: Snapshot, kind: Kind, station: str, limit: int) -> bool:
    """Return whether a station can be proposed: not declined, not further than the limit; where one is, one may stay.

    ``limit`` is tenths of minutes.
    """
    if kind.holds is not None and kind.holds.station == station:
        return True
    return station not in kind.refused and snapshot.travel[kind.origin][station] <= limit
