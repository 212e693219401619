"""What pages of the tree are made of, and what is changed there."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Read, Upstream, unless_away

MOST_CHOICES = 200
"""So many entries at most are in a list to choose from."""


class TeamCounts(BaseModel):
    """How many teams there are."""

    total: int
    community: int
    professional: int
    unclassified: int
    heads: int
    members: int


class StationLine(BaseModel):
    """A station with its counts."""

    id: UUID
    code: str
    name: str
    level: str
    teams: int
    members: int
    staff: int


class TownshipLine(BaseModel):
    """A town or street with its counts."""

    code: str
    name: str
    communities: int
    with_station: int
    stations: int
    teams: int
    members: int
    staff: int


class District(BaseModel):
    """The district's counts, its centre, and its towns and streets."""

    organisations: int
    stations: int
    staff: int
    volunteers: int
    without_team: int
    teams: TeamCounts
    centres: list[StationLine]
    townships: list[TownshipLine]


class Community(BaseModel):
    """A community with its stations."""

    code: str
    name: str
    stations: list[StationLine]


class Township(BaseModel):
    """A town or street with its communities."""

    code: str
    name: str
    stations: list[StationLine]
    communities: list[Community]


class Station(StationLine):
    """A station."""

    division: str
    opened_on: date | None
    closed_on: date | None
    operators: list[str]
    counts: TeamCounts


class OrganisationLine(BaseModel):
    """An organisation with its counts."""

    id: UUID
    code: str
    name: str
    kind: str
    guiding_body: str | None
    teams: int
    members: int
    volunteers: int


class Organisations(BaseModel):
    """A page of organisations."""

    items: list[OrganisationLine]
    next_cursor: str | None


class Organisation(OrganisationLine):
    """An organisation."""

    guiding_body_code: str | None
    host_unit: str | None
    parent: str | None
    parent_code: str | None
    closed_on: date | None
    counts: TeamCounts


class TeamLine(BaseModel):
    """A team with its members."""

    id: UUID
    code: str
    name: str
    kind: str
    is_head: bool
    organisation: str | None
    station: str | None
    focus_service: str | None
    members: int
    closed_on: date | None


class Teams(BaseModel):
    """A page of teams."""

    items: list[TeamLine]
    next_cursor: str | None


class Team(TeamLine):
    """A team."""

    organisation_id: UUID | None
    organisation_code: str | None
    station_id: UUID | None
    station_code: str | None
    merged_into_id: UUID | None
    merged_into: str | None
    leaders: int
    merged: list[str]
    followers_to_come: int


class StaffLine(BaseModel):
    """Somebody who works at a station, the name masked."""

    id: UUID
    name: str
    employment: str
    source: str
    since: date
    until: date | None


class StaffInClear(BaseModel):
    """A name as it is."""

    id: UUID
    name: str


class Staff(BaseModel):
    """A page of a station's staff."""

    items: list[StaffLine]
    next_cursor: str | None


class Formation(BaseModel):
    """A request for a team."""

    id: UUID
    name: str
    kind: str
    organisation: str | None
    station: str | None
    focus_service: str | None
    purpose: str
    state: str
    asked_at: datetime
    reason: str
    team_id: UUID | None
    own: bool
    answerable: bool


class Formations(BaseModel):
    """A page of requests."""

    items: list[Formation]
    next_cursor: str | None


class Agreement(BaseModel):
    """An agreement between a university and a station."""

    id: UUID
    organisation_id: UUID
    organisation_code: str
    organisation_name: str
    station_id: UUID
    station_name: str
    starts_on: date
    ends_on: date
    students: int
    purpose: str
    state: str
    ended_on: date | None
    reason: str | None

    @property
    def may_be_ended(self) -> bool:
        """Whether its last day is still to come."""
        return self.state in {"to_come", "in_force", "expiring"}


class Agreements(BaseModel):
    """A page of them, the last entered first."""

    items: list[Agreement]
    next_cursor: str | None


class Entry(BaseModel):
    """An entry to choose from."""

    id: UUID
    code: str
    name: str
    kind: str = ""
    closed_on: date | None = None

    @property
    def is_university(self) -> bool:
        """Whether it is an organisation of a university."""
        return self.kind.startswith("university")


class Entries(BaseModel):
    """Entries to choose from."""

    items: list[Entry]


class Noted(BaseModel):
    """What was changed."""

    id: UUID


DISTRICT = Read("registry", "/v1/network", District)
TOWNSHIP = Read("registry", "/v1/network/divisions/{code}", Township)
STATION = Read("registry", "/v1/network/stations/{station_id}", Station)
STAFF = Read("registry", "/v1/stations/{station_id}/staff", Staff)
ORGANISATIONS = Read("registry", "/v1/network/organisations", Organisations)
ORGANISATION = Read("registry", "/v1/network/organisations/{organisation_id}", Organisation)
TEAMS = Read("registry", "/v1/network/teams", Teams)
TEAM = Read("registry", "/v1/network/teams/{team_id}", Team)
FORMATIONS = Read("registry", "/v1/team-formations", Formations)
ALL_ORGANISATIONS = Read("registry", "/v1/organisations", Entries)
ALL_STATIONS = Read("registry", "/v1/stations", Entries)
AGREEMENTS = Read("registry", "/v1/agreements", Agreements)
GUIDING_BODIES = Read("registry", "/v1/guiding-bodies", Entries)

SET_SEAT = Change("PUT", "registry", "/v1/organisations/{organisation_id}/seat", Noted)
SET_OPERATORS = Change("PUT", "registry", "/v1/stations/{station_id}/operators", Noted)
REGISTER_GUIDING_BODY = Change("POST", "registry", "/v1/guiding-bodies", Noted)
BEGIN_WORK = Change("POST", "registry", "/v1/stations/{station_id}/staff", Noted)
END_WORK = Change("POST", "registry", "/v1/station-staff/{staff_id}/ending", Noted)
REVEAL_STAFF = Change("POST", "registry", "/v1/station-staff/{staff_id}/reveal", StaffInClear)
RENAME = Change("PUT", "registry", "/v1/teams/{team_id}/name", Noted)
MOVE = Change("PUT", "registry", "/v1/teams/{team_id}/place", Noted)
MERGE = Change("POST", "registry", "/v1/teams/{team_id}/merging", Noted)
CLOSE = Change("POST", "registry", "/v1/teams/{team_id}/closing", Noted)
ASK = Change("POST", "registry", "/v1/team-formations", Noted)
ENTER_AGREEMENT = Change("POST", "registry", "/v1/agreements", Noted)
END_AGREEMENT = Change("POST", "registry", "/v1/agreements/{agreement_id}/ending", Noted)
ANSWER = Change("POST", "registry", "/v1/team-formations/{formation_id}/answer", Noted)

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Choices:
    """What forms let one choose from; nothing where registry is away."""

    organisations: Sequence[Entry]
    stations: Sequence[Entry]
    bodies: Sequence[Entry]
    is_away: bool


async def choices(calls: Upstream, kept: Kept, district: str) -> Choices:
    """Return the open organisations and stations and the guiding bodies of a district."""

    async def listed(read: Read[Entries]) -> Entries | None:
        return await unless_away(kept.get((read, district), lambda: calls.read(read, district=district, limit=1000)))

    found = await asyncio.gather(
        listed(ALL_ORGANISATIONS),
        listed(ALL_STATIONS),
        unless_away(calls.read(GUIDING_BODIES, district=district, limit=1000)),
    )
    organisations, stations, bodies = (
        [one for one in each.items if not one.closed_on] if each else [] for each in found
    )
    return Choices(organisations, stations, bodies, is_away=None in found)
