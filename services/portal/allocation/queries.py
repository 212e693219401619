"""Allocations as registry has them: the terms, what each station asks for and is given, the proof, the answers."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Read, Upstream, unless_away

PER_MINUTE = 10
"""Points that a minute of travel costs (registry's published table, ADR 0050)."""
STATES = ("accepted", "declined", "proposed", "expired", "replaced")
"""How a placement that somebody has been told of can stand, as the table shows them."""
_DEAREST = 10
MOST_AGREEMENTS = 200


class Allocation(BaseModel):
    """An allocation: its terms and how it stands."""

    id: UUID
    previous_id: UUID | None
    state: str
    capacity_use: int
    answer_by: datetime
    asked_at: datetime
    approved_at: datetime | None


class Station(BaseModel):
    """What a station asks for and is given, by service; how many of the plan's people have answered how."""

    name: str
    code: str
    quota: int
    demand: dict[str, int]
    given: dict[str, int]
    accepted: int
    answers: dict[str, int]

    @property
    def services(self) -> Sequence[tuple[str, int | None, int]]:
        """Each service with what is needed (None: it was not asked for) and what is given."""
        return [
            (service, self.demand.get(service), self.given.get(service, 0))
            for service in sorted(self.demand | self.given)
        ]

    @property
    def total(self) -> int:
        """How many are given to the station."""
        return sum(self.given.values())

    @property
    def asked_for(self) -> int:
        """How many its needs add up to."""
        return sum(self.demand.values())


class University(BaseModel):
    """How the people of a university fare; no code is no university."""

    university: str
    people: int
    placed: int
    mean_minutes: float
    wanted: int
    skilled: int


class Price(BaseModel):
    """What one place more would save, in points."""

    station: str
    service: str
    price: int


class Plan(Allocation):
    """An allocation with its plan; while that is being made there are no stations."""

    rules: str = ""
    digest: str = ""
    cost: int = 0
    limit: int = 0
    people: int = 0
    places: int = 0
    gap_minutes: float = 0
    gap_is_wide: bool = False
    stations: list[Station] = []
    universities: list[University] = []
    prices: list[Price] = []

    @property
    def without(self) -> int:
        """How many have no place."""
        return self.people - self.places

    @property
    def farthest_minutes(self) -> int:
        """The longest way that is proposed."""
        return round(self.limit / PER_MINUTE)

    @property
    def answers(self) -> Mapping[str, int]:
        """How many of those who were told have answered how, at all stations together."""
        counted: Counter[str] = Counter()
        for station in self.stations:
            counted.update(station.answers)
        return counted

    @property
    def told(self) -> int:
        """How many have been told of a place."""
        return sum(count for state, count in self.answers.items() if state != "planned")

    @property
    def dearest(self) -> Sequence[Price]:
        """The places of which one more would save most."""
        return sorted((one for one in self.prices if one.price > 0), key=lambda one: -one.price)[:_DEAREST]

    @property
    def station_names(self) -> Mapping[str, str]:
        """What the stations are called, by code."""
        return {station.code: station.name for station in self.stations}


class Asked(BaseModel):
    """An allocation whose plan is being made, or whose people are being told."""

    id: UUID


class Organisation(BaseModel):
    """An organisation, by its code."""

    code: str
    name: str


class Organisations(BaseModel):
    """A district's organisations."""

    items: list[Organisation]


class Agreement(BaseModel):
    """An agreement of a university with a station that is in force."""

    organisation_code: str
    organisation_name: str
    station_code: str
    station_name: str
    students: int
    ends_on: date


class Agreements(BaseModel):
    """Those of a district."""

    items: list[Agreement]


ALLOCATIONS = Read("registry", "/v1/allocations", list[Allocation])
ALLOCATION = Read("registry", "/v1/allocations/{allocation_id}", Plan)
ORGANISATIONS = Read("registry", "/v1/organisations", Organisations)
AGREEMENTS = Read("registry", "/v1/agreements", Agreements)
ASK = Change("POST", "registry", "/v1/allocations", Asked)
APPROVE = Change("POST", "registry", "/v1/allocations/{allocation_id}/approval", Asked)


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A plan, what universities are called, the agreements in force, and whether it is the one to run again.

    Agreements stand beside a plan, which does not follow from them; ``agreements`` is None while registry is away.
    """

    plan: Plan
    universities: Mapping[str, str]
    is_latest: bool
    agreements: Sequence[Agreement] | None

    def of_station(self, code: str) -> Sequence[Agreement]:
        """Return the agreements of a station."""
        return [one for one in self.agreements or () if one.station_code == code]

    def of_university(self, code: str) -> Sequence[Agreement]:
        """Return the agreements of a university."""
        return [one for one in self.agreements or () if one.organisation_code == code]


async def find_plan(calls: Upstream, kept: Kept, district: str, allocation_id: UUID) -> PlanPage:
    """Return a plan with the names it needs. Raises RefusedByServiceError and AwayError."""
    plan, names, listed, agreements = await asyncio.gather(
        calls.read(ALLOCATION, allocation_id=allocation_id),
        _university_names(calls, kept, district),
        unless_away(calls.read(ALLOCATIONS)),
        unless_away(calls.read(AGREEMENTS, in_force="true", limit=MOST_AGREEMENTS)),
    )
    approved = latest_approved(listed or [])
    is_latest = approved is not None and approved.id == allocation_id
    return PlanPage(plan, names, is_latest, agreements.items if agreements else None)


def latest_approved(listed: Sequence[Allocation]) -> Allocation | None:
    """Return the allocation that was approved last, of a list with the newest first."""
    return next((one for one in listed if one.state == "approved"), None)


async def _university_names(calls: Upstream, kept: Kept, district: str) -> Mapping[str, str]:
    read = kept.get((ORGANISATIONS, district), lambda: calls.read(ORGANISATIONS, district=district, limit=1000))
    found = await unless_away(read)
    return {one.code: one.name for one in found.items} if found else {}
