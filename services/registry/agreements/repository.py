"""Agreements on file.

Invariant: whoever enters one holds its station (``places.lock``), so of one pair no two are in force on one day.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.agreements.domain import NewAgreement
from services.registry.agreements.tables import university_agreement
from shared.store.statements import insert_rows

_INSERT = insert_rows(
    university_agreement,
    [
        *("id", "organisation_id", "station_id", "starts_on", "ends_on", "students", "purpose"),
        *("entered_by", "entered_at", "version"),
    ],
    same=["district"],
)
_OVERLAPS = text("""
    SELECT EXISTS (
        SELECT FROM university_agreement
        WHERE district = :district AND organisation_id = :organisation_id AND station_id = :station_id
          AND starts_on <= :ends_on AND coalesce(ended_on - 1, ends_on) >= :starts_on)
""")
_NAMED = "o.name AS organisation_name, s.name AS station_name"
_UNITS = """
    JOIN organisation o ON o.district = a.district AND o.id = a.organisation_id
    JOIN station s ON s.district = a.district AND s.id = a.station_id
"""
_LOCK = text(f"""
    SELECT a.*, {_NAMED} FROM university_agreement a {_UNITS}
    WHERE a.district = :district AND a.id = :id FOR NO KEY UPDATE OF a
""")
_END = text("""
    UPDATE university_agreement SET ended_on = :ended_on, reason = :reason, version = version + 1
    WHERE district = :district AND id = :id RETURNING version
""")
_ASKED = "unnest(CAST(:districts AS text[]), CAST(:ids AS uuid[])) AS r(district, id)"
# a later one of the same pair takes its place
_NOTE_EXPIRING = text(f"""
    UPDATE university_agreement a SET version = a.version + 1 FROM {_ASKED}, organisation o, station s
    WHERE a.district = r.district AND a.id = r.id AND a.ended_on IS NULL
      AND o.district = a.district AND o.id = a.organisation_id AND s.district = a.district AND s.id = a.station_id
      AND NOT EXISTS (SELECT FROM university_agreement n
                      WHERE n.district = a.district AND n.organisation_id = a.organisation_id
                        AND n.station_id = a.station_id AND n.ends_on > a.ends_on AND n.ended_on IS NULL)
    RETURNING a.*, {_NAMED}
""")
# The station's managers; whoever leads a head team of the university; the district's centre.
_RECIPIENTS = text(f"""
    SELECT DISTINCT a.id, c.volunteer_id
    FROM {_ASKED} JOIN university_agreement a ON a.district = r.district AND a.id = r.id
    JOIN account c ON c.district = a.district AND c.locked_at IS NULL AND c.volunteer_id IS NOT NULL
     AND ('district_admin' = ANY(c.roles)
          OR 'station_manager' = ANY(c.roles) AND a.station_id = ANY(c.units)
          OR 'team_leader' = ANY(c.roles) AND EXISTS (
              SELECT FROM team t WHERE t.district = a.district AND t.organisation_id = a.organisation_id
                AND t.closed_on IS NULL AND t.id = ANY(c.units)
                AND coalesce(t.is_head, t.kind = :head_teams_kind)))
    ORDER BY 1, 2
""")


async def insert_agreement(tx: AsyncConnection, district: str, row: Mapping[str, Any]) -> None:
    """Put an agreement on file."""
    await tx.execute(_INSERT, {"district": district, **{name: [value] for name, value in row.items()}})


async def overlaps(tx: AsyncConnection, district: str, new: NewAgreement) -> bool:
    """Return whether the pair has an agreement for one of the days already."""
    values = {
        "district": district,
        "organisation_id": new.organisation_id,
        "station_id": new.station_id,
        "starts_on": new.starts_on,
        "ends_on": new.ends_on,
    }
    return bool(await tx.scalar(_OVERLAPS, values))


async def lock_agreement(tx: AsyncConnection, district: str, agreement_id: UUID) -> Row[Any] | None:
    """Return an agreement with the names of its units, and hold it to the commit."""
    return (await tx.execute(_LOCK, {"district": district, "id": agreement_id})).one_or_none()


async def end_agreement(tx: AsyncConnection, district: str, agreement_id: UUID, on: date, reason: str) -> int:
    """Note that an agreement has ended before its last day; return its version."""
    values = {"district": district, "id": agreement_id, "ended_on": on, "reason": reason}
    version: int = (await tx.execute(_END, values)).scalar_one()
    return version


async def note_expiring(tx: AsyncConnection, asked: Sequence[tuple[str, UUID]]) -> Sequence[Row[Any]]:
    """Give those of these (district, id) a new version that hold and have no later one of the pair; return them."""
    return (await tx.execute(_NOTE_EXPIRING, _keys(asked))).all()


async def recipients_of(
    tx: AsyncConnection, asked: Sequence[tuple[str, UUID]], head_teams_kind: str
) -> dict[UUID, tuple[UUID, ...]]:
    """Return who is told of each agreement: those of both units' managers and of the centre who are volunteers too."""
    found: dict[UUID, tuple[UUID, ...]] = {}
    for row in await tx.execute(_RECIPIENTS, {**_keys(asked), "head_teams_kind": head_teams_kind}):
        found[row.id] = (*found.get(row.id, ()), row.volunteer_id)
    return found


def _keys(asked: Sequence[tuple[str, UUID]]) -> dict[str, object]:
    return {"districts": [district for district, _ in asked], "ids": [one for _, one in asked]}
