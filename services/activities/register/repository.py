"""What registry has told us of volunteers and stations, as commands look it up."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ENTRIES_OF = """
    ANY(ARRAY(SELECT CAST(:volunteer_id AS uuid)
              UNION ALL SELECT id FROM merged_volunteer WHERE district = :district AND kept_id = :volunteer_id))
"""
"""The entries that are ``:volunteer_id``'s: their own, and those that are merged into it."""
SAME_PERSON = """(
    SELECT m.id AS asked, m.kept_id AS entry FROM merged_volunteer m
    WHERE m.district = :district AND m.kept_id IS NOT NULL
    UNION ALL
    SELECT m.kept_id, m.id FROM merged_volunteer m WHERE m.district = :district AND m.kept_id IS NOT NULL
    UNION ALL
    SELECT m.id, n.id FROM merged_volunteer m
    JOIN merged_volunteer n ON n.district = m.district AND n.kept_id = m.kept_id AND n.id <> m.id
    WHERE m.district = :district
)"""
"""Of who is part of a merger, ``asked``, the other entries of the same person."""
_HAS_NOT_LEFT = "NOT EXISTS (SELECT FROM closed_volunteer c WHERE c.district = v.district AND c.id = v.id)"
_VOLUNTEERS_BY_NUMBER = text("""
    SELECT number, id FROM known_volunteer WHERE district = :district AND number = ANY(CAST(:numbers AS text[]))
""")
_PRESENT = text(f"""
    SELECT coalesce(m.kept_id, v.id) FROM known_volunteer v
    LEFT JOIN merged_volunteer m ON m.district = v.district AND m.id = v.id
    WHERE v.district = :district AND v.number = :number AND {_HAS_NOT_LEFT}
""")
_TEAM_MATES = text(f"""
    SELECT v.number, coalesce(m.kept_id, v.id) AS id,
           coalesce(m.kept_id, v.id) = own.id OR v.team_id IS NOT NULL AND v.team_id = own.team_id AS is_mate
    FROM known_volunteer v LEFT JOIN known_volunteer own ON own.district = v.district AND own.id = :volunteer_id
    LEFT JOIN merged_volunteer m ON m.district = v.district AND m.id = v.id
    WHERE v.district = :district AND v.number = ANY(CAST(:numbers AS text[])) AND {_HAS_NOT_LEFT}
""")
_STATIONS_BY_CODE = text("""
    SELECT code, id FROM known_station WHERE district = :district AND code = ANY(CAST(:codes AS text[]))
""")
_STATION = text("""
    SELECT id, closed_on FROM known_station
    WHERE district = :district AND (code = :named OR CAST(id AS text) = lower(:named))
""")
# Of few people and few kinds: without a kind that is needed, nothing is looked up.
_HOLDS = """
    EXISTS (SELECT FROM held_qualification h
            WHERE h.district = :district AND h.volunteer_id = {volunteer} AND h.kind = {kind} AND h.holds
              AND (h.expires_on IS NULL
                   OR h.expires_on >= CAST(clock_timestamp() AT TIME ZONE 'Asia/Shanghai' AS date)))
"""


def lacks_any(needs: str, volunteer: str) -> str:
    """Return the SQL condition that a volunteer lacks one of the qualifications in a column of these today."""
    return (
        f"EXISTS (SELECT FROM unnest({needs}) AS n(kind) WHERE NOT {_HOLDS.format(volunteer=volunteer, kind='n.kind')})"
    )


def lacking_column(needs: str) -> str:
    """Return a column that says who of ``:volunteers`` lacks what of a column of needed qualifications today.

    It is for ``lacking_of``, and costs nothing where none are needed.
    """
    return f"""
        CASE WHEN cardinality({needs}) > 0 THEN ARRAY(
            SELECT p.id || ' ' || n.kind FROM unnest(CAST(:volunteers AS uuid[])) AS p(id), unnest({needs}) AS n(kind)
            WHERE NOT {_HOLDS.format(volunteer="p.id", kind="n.kind")} ORDER BY 1
        ) END
    """


def lacking_of(column: Sequence[str] | None) -> dict[UUID, list[str]]:
    """Return what volunteers lack, of a ``lacking_column`` or ``RULES_COLUMN``; who lacks nothing is not in it."""
    found: dict[UUID, list[str]] = {}
    for volunteer, kind in (each.split(" ", 1) for each in column or ()):
        found.setdefault(UUID(volunteer), []).append(kind)
    return found


_LACKING = text(f"SELECT {lacking_column('CAST(:needs AS text[])')}")


async def lacking(
    tx: AsyncConnection, district: str, needs: Sequence[str], volunteers: Collection[UUID]
) -> Mapping[UUID, Sequence[str]]:
    """Return which of the needed qualifications each of the volunteers lacks today; who lacks none is not in it."""
    if not needs or not volunteers:
        return {}
    values = {"district": district, "needs": list(needs), "volunteers": list(volunteers)}
    return lacking_of(await tx.scalar(_LACKING, values))


RULES_COLUMN = """
    ARRAY(
        SELECT p.id || ' ' || r.title FROM (
            SELECT DISTINCT ON (id) id, version, title FROM known_rule
            WHERE district = :district AND NOT ended
              AND required_from <= CAST(clock_timestamp() AT TIME ZONE 'Asia/Shanghai' AS date)
            ORDER BY id, version DESC
        ) r CROSS JOIN unnest(CAST(:volunteers AS uuid[])) AS p(id)
        WHERE NOT EXISTS (
            SELECT FROM accepted_rule a
            WHERE a.district = :district AND a.volunteer_id = p.id AND a.document_id = r.id
              AND a.document_version >= r.version)
          AND NOT EXISTS (
            SELECT FROM merged_volunteer m
            JOIN accepted_rule a ON a.district = m.district AND a.volunteer_id = m.id
            WHERE m.district = :district AND m.kept_id = p.id AND a.document_id = r.id
              AND a.document_version >= r.version)
        ORDER BY p.id, r.id
    )
"""
"""A column that says which rule documents, by title, ``:volunteers`` have to accept first, for ``lacking_of``.

Of a document the latest version is required whose day has come; who has accepted it or a later one lacks nothing, also
under an entry that is merged into theirs.
"""


async def volunteers_by_number(tx: AsyncConnection, district: str, numbers: Collection[str]) -> dict[str, UUID]:
    """Return the ids of the volunteers that are known, by number; who has left has served before all the same."""
    rows = await tx.execute(_VOLUNTEERS_BY_NUMBER, {"district": district, "numbers": list(numbers)})
    return {row.number: row.id for row in rows}


_PERSON = text("SELECT kept_id FROM merged_volunteer WHERE district = :district AND id = :id AND kept_id IS NOT NULL")


async def person_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> UUID:
    """Return who an entry is now: itself, or the one that it is merged into."""
    kept: UUID | None = await tx.scalar(_PERSON, {"district": district, "id": volunteer_id})
    return kept or volunteer_id


async def present_volunteer(tx: AsyncConnection, district: str, number: str) -> UUID | None:
    """Return the volunteer who has a number, also one that is merged, and has not left; or None."""
    found: UUID | None = await tx.scalar(_PRESENT, {"district": district, "number": number})
    return found


async def team_mates(
    tx: AsyncConnection, district: str, volunteer_id: UUID | None, numbers: Collection[str]
) -> dict[str, tuple[UUID, bool]]:
    """Return the ids of the volunteers that are known, by number, and whether each is another one or of their team."""
    values = {"district": district, "volunteer_id": volunteer_id, "numbers": list(numbers)}
    return {row.number: (row.id, row.is_mate) for row in await tx.execute(_TEAM_MATES, values)}


async def stations_by_code(tx: AsyncConnection, district: str, codes: Collection[str]) -> dict[str, UUID]:
    """Return the ids of the stations that are known, by code."""
    rows = await tx.execute(_STATIONS_BY_CODE, {"district": district, "codes": list(codes)})
    return {row.code: row.id for row in rows}


class KnownStation(NamedTuple):
    """A station, and the day from which on it is closed."""

    id: UUID
    closed_on: date | None


async def find_station(tx: AsyncConnection, district: str, named: str) -> KnownStation | None:
    """Return the station with this code or id, or None."""
    row = (await tx.execute(_STATION, {"district": district, "named": named})).one_or_none()
    return KnownStation(*row) if row else None
