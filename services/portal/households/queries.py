"""What is shown of households and pairings: in clear only what a reading has brought that is in the access log."""

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.portal.households.domain import Person
from services.portal.publishing.queries import ACCOUNT, STATIONS, Station
from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Nothing, Read, Upstream, unless_away


class Pairing(BaseModel):
    """A pairing with a volunteer or a team."""

    id: UUID
    volunteer_number: str | None
    team_name: str | None
    rhythm: str
    starts_on: date
    ends_on: date | None
    ended_on: date | None
    visits: int
    last_visit_on: date | None
    next_visit_on: date | None


class Household(BaseModel):
    """A household as everybody sees it who may see it."""

    id: UUID
    number: int
    station: str
    station_name: str
    groups: list[str]
    opened_on: date
    closed_on: date | None
    mine: bool
    name_masked: str | None
    pairings: int
    visit_due_on: date | None


class Households(BaseModel):
    """A page of households."""

    items: list[Household]
    next_cursor: str | None


class AssignedWorker(BaseModel):
    """A case worker whom the household is assigned to."""

    account_id: UUID
    user_name: str


class HouseholdDetail(Household):
    """A household with its pairings and its case workers."""

    case_workers: list[AssignedWorker]
    paired_with: list[Pairing]


class Visit(BaseModel):
    """A visit with its note."""

    volunteer_number: str
    visited_on: date
    minutes: int
    note: str


class HouseholdFile(BaseModel):
    """All that is known of a household, in clear."""

    number: int
    version: int
    address: str
    phone: str
    note: str
    people: list[Person]
    visits: list[Visit]


class VisitRow(BaseModel):
    """A visit as it is listed."""

    volunteer_number: str
    visited_on: date
    minutes: int


class Visits(BaseModel):
    """A page of visits."""

    items: list[VisitRow]
    next_cursor: str | None


class Account(BaseModel):
    """An account that a household can be assigned to; ``units`` are codes."""

    id: UUID
    user_name: str
    units: list[str]
    locked: bool


class Accounts(BaseModel):
    """A page of accounts."""

    items: list[Account]


class IsOn(BaseModel):
    """What is on file now."""

    id: UUID


HOUSEHOLDS = Read("registry", "/v1/households", Households)
HOUSEHOLD = Read("registry", "/v1/households/{household_id}", HouseholdDetail)
VISITS = Read("registry", "/v1/pairings/{pairing_id}/visits", Visits)
CASE_WORKERS = Read("registry", "/v1/accounts", Accounts)
OPEN = Change("POST", "registry", "/v1/households", IsOn)
READ = Change("POST", "registry", "/v1/households/{household_id}/reveal", HouseholdFile)
CHANGE = Change("PUT", "registry", "/v1/households/{household_id}", IsOn)
CLOSE = Change("POST", "registry", "/v1/households/{household_id}/closing", IsOn)
ERASE = Change("POST", "registry", "/v1/households/{household_id}/erasure", Nothing)
ASSIGN = Change("POST", "registry", "/v1/households/{household_id}/assignments", Nothing)
UNASSIGN = Change("DELETE", "registry", "/v1/households/{household_id}/assignments/{account_id}", Nothing)
PAIR = Change("POST", "registry", "/v1/households/{household_id}/pairings", IsOn)
END_PAIRING = Change("POST", "registry", "/v1/pairings/{pairing_id}/ending", IsOn)
NOTE_VISIT = Change("POST", "registry", "/v1/pairings/{pairing_id}/visits", IsOn)
_MOST = 1000


async def case_workers(calls: Upstream, station: str) -> Sequence[Account] | None:
    """Return the case workers of a station who can log in; None while registry is away."""
    found = await unless_away(calls.read(CASE_WORKERS, role="case_worker", limit=_MOST))
    return [one for one in found.items if station in one.units and not one.locked] if found else None


async def own_stations(calls: Upstream, kept: Kept, district: str) -> Sequence[Station] | None:
    """Return the stations of the caller's account; None while registry is away."""
    found, account = await asyncio.gather(
        unless_away(
            kept.get((STATIONS, district, "codes"), lambda: calls.read(STATIONS, district=district, limit=_MOST))
        ),
        unless_away(calls.read(ACCOUNT)),
    )
    if found is None or account is None:
        return None
    return [station for station in found.items if str(station.id) in account.units]
