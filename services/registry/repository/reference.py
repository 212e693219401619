"""Reference data on file. An upsert touches, and returns, only entries that are new or different."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.domain.reference import Division, Organisation, Station, Team
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import new_id


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that an upsert has made or changed: its id and version."""

    id: UUID
    version: int


_OPEN_DISTRICT = text("INSERT INTO district (code, name) VALUES (:code, :name) ON CONFLICT DO NOTHING")
_DISTRICT_IS_OPEN = text("SELECT 1 FROM district WHERE code = :code")


async def open_district(tx: AsyncConnection, code: str, name: str) -> None:
    """Put a new district on the list. Raises RefusedError (already_registered) where it is there."""
    if (await tx.execute(_OPEN_DISTRICT, {"code": code, "name": name})).rowcount == 0:
        raise RefusedError(Fault("code", Code.ALREADY_REGISTERED))


async def require_open(tx: AsyncConnection, district: str) -> None:
    """Raise RefusedError (not_found) where the district is not open."""
    if await tx.scalar(_DISTRICT_IS_OPEN, {"code": district}) is None:
        raise RefusedError(Fault("district", Code.NOT_FOUND))


_DIVISION_CODES = text("SELECT code FROM division WHERE district = :district")
_ORGANISATION_IDS = text("SELECT code, id FROM organisation WHERE district = :district")
_STATION_IDS = text("SELECT code, id FROM station WHERE district = :district")


async def division_codes(tx: AsyncConnection, district: str) -> dict[str, str]:
    """Return the district's divisions: code -> code."""
    return {code: code for code in await tx.scalars(_DIVISION_CODES, {"district": district})}


async def organisation_ids(tx: AsyncConnection, district: str) -> dict[str, UUID]:
    """Return the district's organisations: code -> id."""
    return {row.code: row.id for row in await tx.execute(_ORGANISATION_IDS, {"district": district})}


async def station_ids(tx: AsyncConnection, district: str) -> dict[str, UUID]:
    """Return the district's stations: code -> id."""
    return {row.code: row.id for row in await tx.execute(_STATION_IDS, {"district": district})}


_UPSERT_DIVISIONS = text("""
    INSERT INTO division AS d (district, code, level, name, parent_code)
    SELECT :district, e.code, e.level, e.name, e.parent_code
    FROM unnest(CAST(:code AS text[]), CAST(:level AS text[]), CAST(:name AS text[]), CAST(:parent_code AS text[]))
         AS e(code, level, name, parent_code)
    ON CONFLICT (district, code) DO UPDATE
    SET level = excluded.level, name = excluded.name, parent_code = excluded.parent_code
    WHERE (d.level, d.name, d.parent_code) IS DISTINCT FROM (excluded.level, excluded.name, excluded.parent_code)
    RETURNING d.code
""")


async def upsert_divisions(tx: AsyncConnection, district: str, entries: Sequence[Division]) -> set[str]:
    """Put divisions on file; return the codes of those that are new or different."""
    rows = await tx.scalars(
        _UPSERT_DIVISIONS,
        {
            "district": district,
            "code": [entry.code for entry in entries],
            "level": [entry.level for entry in entries],
            "name": [entry.name for entry in entries],
            "parent_code": [entry.parent_code for entry in entries],
        },
    )
    return set(rows.all())


_UPSERT_ORGANISATIONS = text("""
    INSERT INTO organisation AS o (district, id, code, name, kind, longitude, latitude, version)
    SELECT :district, e.id, e.code, e.name, e.kind, e.longitude, e.latitude, 1
    FROM unnest(CAST(:id AS uuid[]), CAST(:code AS text[]), CAST(:name AS text[]), CAST(:kind AS text[]),
                CAST(:longitude AS float8[]), CAST(:latitude AS float8[]))
         AS e(id, code, name, kind, longitude, latitude)
    ON CONFLICT (district, code) DO UPDATE
    SET name = excluded.name, kind = excluded.kind, longitude = excluded.longitude, latitude = excluded.latitude,
        version = o.version + 1
    WHERE (o.name, o.kind, o.longitude, o.latitude)
          IS DISTINCT FROM (excluded.name, excluded.kind, excluded.longitude, excluded.latitude)
    RETURNING o.code, o.id, o.version
""")


async def upsert_organisations(
    tx: AsyncConnection, district: str, entries: Sequence[Organisation]
) -> dict[str, Written]:
    """Put organisations on file; return those that are new or different, by code."""
    return await _written(
        tx,
        _UPSERT_ORGANISATIONS,
        {
            "district": district,
            "id": [new_id() for _ in entries],
            "code": [entry.code for entry in entries],
            "name": [entry.name for entry in entries],
            "kind": [entry.kind for entry in entries],
            "longitude": [entry.longitude for entry in entries],
            "latitude": [entry.latitude for entry in entries],
        },
    )


_UPSERT_STATIONS = text("""
    INSERT INTO station AS s (district, id, code, name, level, division_code, longitude, latitude, opened_on,
                              volunteer_quota, demand, version)
    SELECT :district, e.id, e.code, e.name, e.level, e.division_code, e.longitude, e.latitude, e.opened_on,
           e.volunteer_quota, e.demand::jsonb, 1
    FROM unnest(CAST(:id AS uuid[]), CAST(:code AS text[]), CAST(:name AS text[]), CAST(:level AS text[]),
                CAST(:division_code AS text[]), CAST(:longitude AS float8[]), CAST(:latitude AS float8[]),
                CAST(:opened_on AS date[]), CAST(:volunteer_quota AS int[]), CAST(:demand AS text[]))
         AS e(id, code, name, level, division_code, longitude, latitude, opened_on, volunteer_quota, demand)
    ON CONFLICT (district, code) DO UPDATE
    SET name = excluded.name, level = excluded.level, division_code = excluded.division_code,
        longitude = excluded.longitude, latitude = excluded.latitude, opened_on = excluded.opened_on,
        volunteer_quota = excluded.volunteer_quota, demand = excluded.demand, version = s.version + 1
    WHERE (s.name, s.level, s.division_code, s.longitude, s.latitude, s.opened_on, s.volunteer_quota, s.demand)
          IS DISTINCT FROM (excluded.name, excluded.level, excluded.division_code, excluded.longitude,
                            excluded.latitude, excluded.opened_on, excluded.volunteer_quota, excluded.demand)
    RETURNING s.code, s.id, s.version
""")


async def upsert_stations(tx: AsyncConnection, district: str, entries: Sequence[Station]) -> dict[str, Written]:
    """Put stations on file; return those that are new or different, by code."""
    return await _written(
        tx,
        _UPSERT_STATIONS,
        {
            "district": district,
            "id": [new_id() for _ in entries],
            "code": [entry.code for entry in entries],
            "name": [entry.name for entry in entries],
            "level": [entry.level for entry in entries],
            "division_code": [entry.division_code for entry in entries],
            "longitude": [entry.longitude for entry in entries],
            "latitude": [entry.latitude for entry in entries],
            "opened_on": [entry.opened_on for entry in entries],
            "volunteer_quota": [entry.volunteer_quota for entry in entries],
            "demand": [json.dumps(dict(entry.demand)) for entry in entries],
        },
    )


_UPSERT_TEAMS = text("""
    INSERT INTO team AS t (district, id, code, name, kind, organisation_id, station_id, focus_service, version)
    SELECT :district, e.id, e.code, e.name, e.kind, e.organisation_id, e.station_id, e.focus_service, 1
    FROM unnest(CAST(:id AS uuid[]), CAST(:code AS text[]), CAST(:name AS text[]), CAST(:kind AS text[]),
                CAST(:organisation_id AS uuid[]), CAST(:station_id AS uuid[]), CAST(:focus_service AS text[]))
         AS e(id, code, name, kind, organisation_id, station_id, focus_service)
    ON CONFLICT (district, code) DO UPDATE
    SET name = excluded.name, kind = excluded.kind, organisation_id = excluded.organisation_id,
        station_id = excluded.station_id, focus_service = excluded.focus_service, version = t.version + 1
    WHERE (t.name, t.kind, t.organisation_id, t.station_id, t.focus_service)
          IS DISTINCT FROM (excluded.name, excluded.kind, excluded.organisation_id, excluded.station_id,
                            excluded.focus_service)
    RETURNING t.code, t.id, t.version
""")


async def upsert_teams(tx: AsyncConnection, district: str, entries: Sequence[Team]) -> dict[str, Written]:
    """Put teams on file; return those that are new or different, by code."""
    return await _written(
        tx,
        _UPSERT_TEAMS,
        {
            "district": district,
            "id": [new_id() for _ in entries],
            "code": [entry.code for entry in entries],
            "name": [entry.name for entry in entries],
            "kind": [entry.kind for entry in entries],
            "organisation_id": [entry.organisation_id for entry in entries],
            "station_id": [entry.station_id for entry in entries],
            "focus_service": [entry.focus_service for entry in entries],
        },
    )


async def _written(tx: AsyncConnection, statement: TextClause, parameters: dict[str, object]) -> dict[str, Written]:
    rows = await tx.execute(statement, parameters)
    return {row.code: Written(row.id, row.version) for row in rows}
