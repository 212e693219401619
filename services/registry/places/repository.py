"""Reference data on file. An upsert touches, and returns, only entries that are new or different."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping, Table, TextClause, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.places.domain.reference import Division, GuidingBody, Organisation, Station, Team
from services.registry.places.tables import division, guiding_body, organisation, station, team
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import new_id
from shared.store.statements import upsert_changed


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
_GUIDING_BODY_IDS = text("SELECT code, id FROM guiding_body WHERE district = :district")
_STATION_IDS = text("SELECT code, id FROM station WHERE district = :district")


async def division_codes(tx: AsyncConnection, district: str) -> dict[str, str]:
    """Return the district's divisions: code -> code."""
    return {code: code for code in await tx.scalars(_DIVISION_CODES, {"district": district})}


async def organisation_ids(tx: AsyncConnection, district: str) -> dict[str, UUID]:
    """Return the district's organisations: code -> id."""
    return {row.code: row.id for row in await tx.execute(_ORGANISATION_IDS, {"district": district})}


async def guiding_body_ids(tx: AsyncConnection, district: str) -> dict[str, UUID]:
    """Return the district's guiding bodies: code -> id."""
    return {row.code: row.id for row in await tx.execute(_GUIDING_BODY_IDS, {"district": district})}


async def station_ids(tx: AsyncConnection, district: str) -> dict[str, UUID]:
    """Return the district's stations: code -> id."""
    return {row.code: row.id for row in await tx.execute(_STATION_IDS, {"district": district})}


_UPSERT_DIVISIONS = upsert_changed(
    division, ["code", "level", "name", "parent_code"], same=["district"], key=["district", "code"]
)


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


async def on_file(tx: AsyncConnection, table: Table, district: str) -> dict[str, RowMapping]:
    """Return the divisions, guiding bodies, organisations, stations or teams of a district, by code."""
    found = select(table).where(table.c.district == district)
    return {row["code"]: row for row in (await tx.execute(found)).mappings()}


async def change(
    tx: AsyncConnection, table: Table, district: str, entry_id: UUID, **values: object
) -> RowMapping | None:
    """Change an organisation, station or team that is open; return its entry as it is now, or None where none is."""
    changed = (
        update(table)
        .where(table.c.district == district, table.c.id == entry_id, table.c.closed_on.is_(None))
        .values(version=table.c.version + 1, **values)
        .returning(table)
    )
    entry: RowMapping | None = (await tx.execute(changed)).mappings().one_or_none()
    return entry


async def lock(tx: AsyncConnection, table: Table, district: str, entry_id: UUID) -> RowMapping | None:
    """Become the one who changes an entry; return it, open or closed, or None where there is none."""
    found = select(table).where(table.c.district == district, table.c.id == entry_id).with_for_update(key_share=True)
    return (await tx.execute(found)).mappings().one_or_none()


async def exists(tx: AsyncConnection, table: Table, district: str, entry_id: UUID) -> bool:
    """Return whether there is such an organisation, station or team, open or closed."""
    found = select(table.c.id).where(table.c.district == district, table.c.id == entry_id)
    return await tx.scalar(found) is not None


def _entries(table: Table, *columns: str) -> TextClause:
    """Return the upsert of what the district knows by a code; an entry keeps the id it was first given."""
    return upsert_changed(table, ["id", "code", *columns], same=["district"], key=["district", "code"], new=["id"])


_UPSERT_GUIDING_BODIES = _entries(guiding_body, "name")


async def upsert_guiding_bodies(
    tx: AsyncConnection, district: str, entries: Sequence[GuidingBody]
) -> dict[str, Written]:
    """Put guiding bodies on file; return those that are new or different, by code."""
    return await _written(
        tx,
        _UPSERT_GUIDING_BODIES,
        {
            "district": district,
            "id": [new_id() for _ in entries],
            "code": [entry.code for entry in entries],
            "name": [entry.name for entry in entries],
        },
    )


_INSERT_GUIDING_BODY = text("""
    INSERT INTO guiding_body (district, id, code, name, version) VALUES (:district, :id, :code, :name, 1)
    ON CONFLICT DO NOTHING
""")


async def insert_guiding_body(tx: AsyncConnection, district: str, entry: GuidingBody) -> UUID:
    """Put a new guiding body on file; return its id. Raises RefusedError (already_registered)."""
    row = {"district": district, "id": new_id(), "code": entry.code, "name": entry.name}
    if (await tx.execute(_INSERT_GUIDING_BODY, row)).rowcount == 0:
        raise RefusedError(Fault("code", Code.ALREADY_REGISTERED))
    return UUID(str(row["id"]))


_SEAT = ("host_unit", "parent_code", "guiding_body_id")
_UPSERT_ORGANISATIONS = _entries(organisation, "name", "kind", "longitude", "latitude", *_SEAT)


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
            **{name: [getattr(entry, name) for entry in entries] for name in _SEAT},
        },
    )


_UPSERT_STATIONS = _entries(
    station,
    *("name", "level", "division_code", "longitude", "latitude", "opened_on", "volunteer_quota", "demand", "operators"),
)


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
            "operators": [json.dumps(entry.operators) for entry in entries],
        },
    )


_UPSERT_TEAMS = _entries(team, "name", "kind", "organisation_id", "station_id", "focus_service", "is_head")


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
            "is_head": [entry.is_head for entry in entries],
        },
    )


async def _written(tx: AsyncConnection, statement: TextClause, parameters: dict[str, object]) -> dict[str, Written]:
    rows = await tx.execute(statement, parameters)
    return {row.code: Written(row.id, row.version) for row in rows}
