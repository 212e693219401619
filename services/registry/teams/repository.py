"""Teams and requests for teams on file."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.teams.domain.formation import Wish
from services.registry.teams.domain.merging import Ending

_OPEN_ORGANISATIONS = text("SELECT code, id FROM organisation WHERE district = :district AND closed_on IS NULL")
_OPEN_STATIONS = text("SELECT code, id FROM station WHERE district = :district AND closed_on IS NULL")
_ENDINGS = text(
    "SELECT id, name, closed_on IS NOT NULL AS is_closed, merged_into_id FROM team WHERE district = :district"
)
_TEAM_CODES = text("SELECT code FROM team WHERE district = :district")
_NAMED = text("""
    SELECT id FROM team WHERE district = :district AND name = :name AND closed_on IS NULL
      AND id IS DISTINCT FROM CAST(:but AS uuid) LIMIT 1
""")


async def open_organisations(tx: AsyncConnection, district: str) -> dict[str, UUID]:
    """Return the organisations that are not closed: code -> id."""
    return {row.code: row.id for row in await tx.execute(_OPEN_ORGANISATIONS, {"district": district})}


async def open_stations(tx: AsyncConnection, district: str) -> dict[str, UUID]:
    """Return the stations that are not closed: code -> id."""
    return {row.code: row.id for row in await tx.execute(_OPEN_STATIONS, {"district": district})}


async def endings(tx: AsyncConnection, district: str) -> Mapping[UUID, Ending]:
    """Return how each team of a district stands."""
    rows = await tx.execute(_ENDINGS, {"district": district})
    return {row.id: Ending(row.name, row.is_closed, row.merged_into_id) for row in rows}


async def team_codes(tx: AsyncConnection, district: str) -> Sequence[str]:
    """Return the codes of all teams, closed ones too."""
    return (await tx.scalars(_TEAM_CODES, {"district": district})).all()


async def is_named(tx: AsyncConnection, district: str, name: str, but: UUID | None = None) -> bool:
    """Return whether an open team has a name, ``but`` one."""
    return await tx.scalar(_NAMED, {"district": district, "name": name, "but": but}) is not None


_INSERT_TEAM = text("""
    INSERT INTO team (district, id, code, name, kind, organisation_id, station_id, focus_service, version)
    VALUES (:district, :id, :code, :name, :kind, :organisation_id, :station_id, :focus_service, 1)
""")
_WITHIN = text("""
    SELECT EXISTS (SELECT FROM station WHERE district = :district AND id = ANY(:units) AND id = :station_id)
        OR EXISTS (SELECT FROM team WHERE district = :district AND id = ANY(:units)
                   AND (organisation_id = :organisation_id OR station_id = :station_id))
""")


async def insert_team(tx: AsyncConnection, **row: object) -> None:
    """Put a new team on file."""
    await tx.execute(_INSERT_TEAM, row)


async def is_within(
    tx: AsyncConnection, district: str, units: Sequence[UUID], organisation_id: UUID | None, station_id: UUID | None
) -> bool:
    """Return whether the station is one of the units, or one of them is a team there or of the organisation."""
    values = {"district": district, "units": units, "organisation_id": organisation_id, "station_id": station_id}
    return bool(await tx.scalar(_WITHIN, values))


_INSERT = text("""
    INSERT INTO team_formation (district, id, name, kind, organisation_id, station_id, focus_service, purpose, state,
                                asked_by, asked_by_volunteer_id, asked_at, reason, version)
    VALUES (:district, :id, :name, :kind, :organisation_id, :station_id, :focus_service, :purpose, :state,
            :asked_by, :asked_by_volunteer_id, :asked_at, '', 1)
""")
_LOCK = text("""
    SELECT f.id, f.name, f.kind, f.organisation_id, f.station_id, f.focus_service, f.state, f.asked_by_volunteer_id,
           f.version, o.guiding_body_id, o.closed_on IS NOT NULL AS organisation_closed,
           s.closed_on IS NOT NULL AS station_closed
    FROM team_formation f
    LEFT JOIN organisation o ON o.district = f.district AND o.id = f.organisation_id
    LEFT JOIN station s ON s.district = f.district AND s.id = f.station_id
    WHERE f.district = :district AND f.id = :id FOR NO KEY UPDATE OF f
""")
_ANSWER = text("""
    UPDATE team_formation
    SET state = :state, answered_at = :answered_at, reason = :reason, team_id = :team_id, version = version + 1
    WHERE district = :district AND id = :id
    RETURNING version
""")


async def insert(
    tx: AsyncConnection,
    district: str,
    formation_id: UUID,
    wish: Wish,
    asked: tuple[str, UUID | None, datetime],
    state: str,
) -> None:
    """Put a request on file; ``asked``: by whom, as which volunteer, when."""
    asked_by, volunteer_id, asked_at = asked
    await tx.execute(
        _INSERT,
        {
            "district": district,
            "id": formation_id,
            **{name: getattr(wish, name) for name in Wish.__slots__},
            "state": state,
            "asked_by": asked_by,
            "asked_by_volunteer_id": volunteer_id,
            "asked_at": asked_at,
        },
    )


async def lock(tx: AsyncConnection, district: str, formation_id: UUID) -> Row[Any] | None:
    """Become the one who answers a request; return it with who guides its organisation, or None."""
    return (await tx.execute(_LOCK, {"district": district, "id": formation_id})).one_or_none()


async def note_answer(tx: AsyncConnection, district: str, formation_id: UUID, **values: object) -> int:
    """Note what was answered; return the request's version."""
    version: int = (await tx.execute(_ANSWER, {"district": district, "id": formation_id, **values})).scalar_one()
    return version
