"""What is shown of places. Invariant: a page is ordered by code; reads change nothing."""

from datetime import date
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.places.domain.codes import HEAD_TEAMS_KIND


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


class GuidingBodyView(BaseModel):
    """A body that guides organisations."""

    id: UUID
    code: str
    name: str
    version: int


class OrganisationView(BaseModel):
    """An association of volunteers; ``parent`` and ``guiding_body`` are codes."""

    id: UUID
    code: str
    name: str
    kind: str
    longitude: float | None
    latitude: float | None
    host_unit: str | None
    parent: str | None
    guiding_body: str | None
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
    operators: list[str]
    closed_on: date | None
    version: int


class TeamView(BaseModel):
    """A service team; ``organisation``, ``station`` and ``merged_into`` (what team it is part of now) are codes."""

    id: UUID
    code: str
    name: str
    kind: str
    organisation: str | None
    station: str | None
    focus_service: str | None
    is_head: bool
    merged_into: str | None
    closed_on: date | None
    version: int


V = TypeVar("V", bound=BaseModel)

_DISTRICTS = text("SELECT code, name FROM district WHERE code > :after ORDER BY code LIMIT :limit")
_DIVISIONS = text("""
    SELECT code, level, name, parent_code FROM division
    WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_GUIDING_BODIES = text("""
    SELECT id, code, name, version FROM guiding_body
    WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_ORGANISATIONS = text("""
    SELECT o.id, o.code, o.name, o.kind, o.longitude, o.latitude, o.host_unit, o.parent_code AS parent,
           g.code AS guiding_body, o.closed_on, o.version
    FROM organisation o LEFT JOIN guiding_body g ON g.district = o.district AND g.id = o.guiding_body_id
    WHERE o.district = :district AND o.code > :after ORDER BY o.code LIMIT :limit
""")
_STATIONS = text("""
    SELECT id, code, name, level, division_code, longitude, latitude, opened_on, volunteer_quota, demand,
           operators, closed_on, version
    FROM station WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_TEAMS = text(f"""
    SELECT t.id, t.code, t.name, t.kind, o.code AS organisation, s.code AS station, t.focus_service,
           coalesce(t.is_head, t.kind = '{HEAD_TEAMS_KIND}') AS is_head, m.code AS merged_into, t.closed_on, t.version
    FROM team t
    LEFT JOIN organisation o ON o.district = t.district AND o.id = t.organisation_id
    LEFT JOIN station s ON s.district = t.district AND s.id = t.station_id
    LEFT JOIN team m ON m.district = t.district AND m.id = t.merged_into_id
    WHERE t.district = :district AND t.code > :after ORDER BY t.code LIMIT :limit
""")


async def districts(tx: AsyncConnection, after: str, limit: int) -> list[DistrictView]:
    """Return open districts, by code, from after a code on."""
    rows = await tx.execute(_DISTRICTS, {"after": after, "limit": limit})
    return [DistrictView.model_validate(dict(row)) for row in rows.mappings()]


async def divisions(tx: AsyncConnection, district: str, after: str, limit: int) -> list[DivisionView]:
    """Return a district's divisions, by code, from after a code on."""
    return await _by_code(tx, DivisionView, _DIVISIONS, district, after, limit)


async def guiding_bodies(tx: AsyncConnection, district: str, after: str, limit: int) -> list[GuidingBodyView]:
    """Return a district's guiding bodies, by code, from after a code on."""
    return await _by_code(tx, GuidingBodyView, _GUIDING_BODIES, district, after, limit)


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
