"""What is shown of places. Invariant: a page is ordered by code; reads change nothing."""

from datetime import date
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection


class DistrictView(BaseModel):
    """A district that is open."""

    code: str
    name: str


class DivisionView(BaseModel):
    """The county (6 digits), a township (9) or a community (12)."""

    code: str
    level: str
    name: str
    parent_code: str


class OrganisationView(BaseModel):
    """An association of volunteers."""

    id: UUID
    code: str
    name: str
    kind: str
    longitude: float | None
    latitude: float | None
    closed_on: date | None
    version: int


class StationView(BaseModel):
    """A service station or the district's centre; ``demand`` is volunteers needed a week, by service."""

    id: UUID
    code: str
    name: str
    level: str
    division_code: str
    longitude: float | None
    latitude: float | None
    opened_on: date | None
    volunteer_quota: int
    demand: dict[str, int]
    closed_on: date | None
    version: int


class TeamView(BaseModel):
    """A service team; ``organisation`` and ``station`` are codes."""

    id: UUID
    code: str
    name: str
    kind: str
    organisation: str | None
    station: str | None
    focus_service: str | None
    closed_on: date | None
    version: int


V = TypeVar("V", bound=BaseModel)

_DISTRICTS = text("SELECT code, name FROM district WHERE code > :after ORDER BY code LIMIT :limit")
_DIVISIONS = text("""
    SELECT code, level, name, parent_code FROM division
    WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_ORGANISATIONS = text("""
    SELECT id, code, name, kind, longitude, latitude, closed_on, version FROM organisation
    WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_STATIONS = text("""
    SELECT id, code, name, level, division_code, longitude, latitude, opened_on, volunteer_quota, demand, closed_on,
           version
    FROM station WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_TEAMS = text("""
    SELECT t.id, t.code, t.name, t.kind, o.code AS organisation, s.code AS station, t.focus_service,
           t.closed_on, t.version
    FROM team t
    LEFT JOIN organisation o ON o.district = t.district AND o.id = t.organisation_id
    LEFT JOIN station s ON s.district = t.district AND s.id = t.station_id
    WHERE t.district = :district AND t.code > :after ORDER BY t.code LIMIT :limit
""")


async def districts(tx: AsyncConnection, after: str, limit: int) -> list[DistrictView]:
    """Return open districts, by code, from after a code on."""
    rows = await tx.execute(_DISTRICTS, {"after": after, "limit": limit})
    return [DistrictView.model_validate(dict(row)) for row in rows.mappings()]


async def divisions(tx: AsyncConnection, district: str, after: str, limit: int) -> list[DivisionView]:
    """Return a district's divisions, by code, from after a code on."""
    return await _by_code(tx, DivisionView, _DIVISIONS, district, after, limit)


async def organisations(tx: AsyncConnection, district: str, after: str, limit: int) -> list[OrganisationView]:
    """Return a district's organisations, by code, from after a code on."""
    return await _by_code(tx, OrganisationView, _ORGANISATIONS, district, after, limit)


async def stations(tx: AsyncConnection, district: str, after: str, limit: int) -> list[StationView]:
    """Return a district's stations, by code, from after a code on."""
    return await _by_code(tx, StationView, _STATIONS, district, after, limit)


async def teams(tx: AsyncConnection, district: str, after: str, limit: int) -> list[TeamView]:
    """Return a district's teams, by code, from after a code on."""
    return await _by_code(tx, TeamView, _TEAMS, district, after, limit)


async def _by_code(
    tx: AsyncConnection, view: type[V], statement: TextClause, district: str, after: str, limit: int
) -> list[V]:
    rows = await tx.execute(statement, {"district": district, "after": after, "limit": limit})
    return [view.model_validate(dict(row)) for row in rows.mappings()]
