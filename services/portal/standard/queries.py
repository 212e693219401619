"""Stations by the standard and the network's targets, as registry has them, and the hours of the district."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, File, Read, Upload, Upstream, unless_away

A_PAGE = 100
EVERY = 1000


class Regularity(BaseModel):
    """How regular service was in twelve months."""

    days: int
    on_festivals: int
    months: int
    outside_festivals: int | None


class Standing(BaseModel):
    """How a station stands."""

    station_id: UUID
    code: str
    name: str
    level: str
    community: str | None
    longitude: float | None
    latitude: float | None
    status: str
    since: date | None
    met: int
    of: int
    waiting: int
    expires_on: date | None
    reviewed_on: date | None
    regularity: Regularity


class Standings(BaseModel):
    """A page of them."""

    items: list[Standing]
    next_cursor: str | None


class Evidence(BaseModel):
    """A file that was shown."""

    id: UUID
    title: str
    media_type: str
    size: int
    added_at: datetime


class Facts(BaseModel):
    """The figures of a computed criterion; which there are depends on what it is computed by."""

    people: int = 0
    wanted: int = 0
    missing: list[str] = []
    fixed: list[str] = []


class Criterion(BaseModel):
    """A criterion, and how the station stands by it."""

    code: str
    name: str
    name_en: str
    text: str
    text_en: str
    by: str
    people: int
    kinds: int
    months: int
    window: int
    holds: bool
    cause: str
    facts: Facts
    since: date | None
    expires_on: date | None
    latest_expiry: date | None
    assessor: str | None
    assessed_at: datetime | None
    note: str | None
    evidence: list[Evidence]


class Month(BaseModel):
    """On how many days of a month somebody served."""

    month: str
    days: int


class Station(Standing):
    """A station with its criteria."""

    template_name: str
    template_name_en: str
    criteria: list[Criterion]
    by_month: list[Month]

    def criterion(self, code: str) -> Criterion | None:
        """Return the criterion of a code, or None."""
        return next((one for one in self.criteria if one.code == code), None)


class TemplateCriterion(BaseModel):
    """A criterion of a list."""

    code: str
    name: str
    name_en: str
    text: str
    text_en: str
    by: str
    people: int
    kinds: int
    months: int
    window: int


class Template(BaseModel):
    """A list of criteria."""

    code: str
    name: str
    name_en: str
    source: str
    in_force: bool
    criteria: list[TemplateCriterion]


class Target(BaseModel):
    """One kind of a plan."""

    kind: str
    wanted: int
    every: bool
    there: int
    at_start: int
    gained: int
    days: int
    per_cent: int
    outlook: str
    reached_on: date | None


class Plan(BaseModel):
    """A plan that the district goes by."""

    id: UUID
    title: str
    starts_on: date
    due_on: date
    overdue: bool
    targets: list[Target]


class Network(BaseModel):
    """The network as of a moment."""

    as_of: datetime
    centres: int
    stations: int
    teams: int
    communities: int
    every_community: int
    by_status: dict[str, int]
    plans: list[Plan]


class Hours(BaseModel):
    """The district's service of a period, as the ledger stood at ``as_of``."""

    minutes: int
    volunteers: int
    as_of: datetime


class Done(BaseModel):
    """What was done; how it stands is read anew."""


STANDINGS = Read("registry", "/v1/station-standings", Standings)
STATION = Read("registry", "/v1/station-standings/{station_id}", Station)
TEMPLATES = Read("registry", "/v1/station-standards", list[Template])
NETWORK = Read("registry", "/v1/network-targets", Network)
HOURS = Read("assessment", "/v1/statistics", Hours)
PDF, JPEG, PNG = (
    File("registry", "/v1/evidence/{evidence_id}", media_type)
    for media_type in ("application/pdf", "image/jpeg", "image/png")
)
EVIDENCE = {"application/pdf": PDF, "image/jpeg": JPEG, "image/png": PNG}
"""What is handed out, by its type."""
ADD_EVIDENCE = Upload("registry", "/v1/station-standings/{station_id}/evidence", Done)
REMOVE_EVIDENCE = Change("POST", "registry", "/v1/evidence/{evidence_id}/removal", Done)
JUDGE = Change("POST", "registry", "/v1/station-standings/{station_id}/judgements", Done)
ADOPT = Change("POST", "registry", "/v1/station-standards/adoption", Done)
MAKE_PLAN = Change("POST", "registry", "/v1/network-targets/plans", Done)
END_PLAN = Change("POST", "registry", "/v1/network-targets/plans/{plan_id}/ending", Done)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the centre looks at first; ``hours`` is None while assessment is away."""

    network: Network
    standings: Sequence[Standing]
    hours: Hours | None


async def dashboard(calls: Upstream, since: date) -> Dashboard:
    """Return targets, stations, and the hours of this year. Raises AwayError where registry is away."""
    network, standings, hours = await asyncio.gather(
        calls.read(NETWORK),
        calls.read(STANDINGS, limit=EVERY),
        unless_away(calls.read(HOURS, **{"from": since.isoformat()})),
    )
    return Dashboard(network, standings.items, hours)
