"""Who has moved to which districts, and what of their hours is not yet told there.

Invariant: the statements read several districts, as the worker's role may, and name each of them.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.queries import SERVED_BY, of_person


class Share(NamedTuple):
    """What somebody has served in ``from_district``, and their stars there, for a district that they moved on to."""

    district: str
    from_district: str
    minutes: int
    sessions: int
    stars: int


# Few have moved, and of a batch fewer still: they are looked up by key. Whose an import's records are, which is looked
# for in the ledger, is asked once: when it is closed.
_MOVED_OF = text(f"""
    SELECT DISTINCT m.from_district, m.volunteer_id
    FROM unnest(CAST(:districts AS text[]), CAST(:volunteers AS uuid[])) AS told(district, id)
    LEFT JOIN merged_volunteer k ON k.district = told.district AND k.id = told.id
    JOIN moved_volunteer m ON m.from_district = told.district AND m.volunteer_id = coalesce(k.kept_id, told.id)
    UNION
    SELECT m.from_district, m.volunteer_id
    FROM unnest(CAST(:import_districts AS text[]), CAST(:imports AS uuid[])) AS told(district, import_id)
    JOIN import_progress p ON p.district = told.district AND p.import_id = told.import_id AND p.closed
    JOIN moved_volunteer m ON m.from_district = p.district
    WHERE EXISTS (
        SELECT FROM (SELECT m.from_district AS district, m.volunteer_id) v
        CROSS JOIN LATERAL {of_person("ledger_entry", "v")} e
        WHERE e.import_id = p.import_id
    )
    ORDER BY 1, 2
""")
_LOCK = text("""
    SELECT district FROM moved_volunteer WHERE volunteer_id = :volunteer_id
    ORDER BY district, from_district FOR UPDATE
""")
# UNION, not UNION ALL: whoever comes back goes round in a ring.
_SHARES = text(f"""
    WITH RECURSIVE moved(district, from_district) AS (
        SELECT district, from_district FROM moved_volunteer WHERE volunteer_id = :volunteer_id
        UNION
        SELECT m.district, moved.from_district FROM moved
        JOIN moved_volunteer m ON m.volunteer_id = :volunteer_id AND m.from_district = moved.district
    )
    SELECT s.* FROM (
        SELECT source.to_district AS district, source.district AS from_district, coalesce(h.minutes, 0) AS minutes,
               coalesce(h.sessions, 0) AS sessions, coalesce(a.stars, 0) AS stars
        FROM (SELECT district AS to_district, from_district AS district, CAST(:volunteer_id AS uuid) AS volunteer_id
              FROM moved WHERE district <> from_district) source
        CROSS JOIN LATERAL {SERVED_BY.format(of="source")} h
        LEFT JOIN award a ON a.district = source.district AND a.volunteer_id = source.volunteer_id
    ) s
    LEFT JOIN carried_hours c
      ON c.district = s.district AND c.volunteer_id = :volunteer_id AND c.from_district = s.from_district
    WHERE (s.minutes, s.sessions, s.stars)
          IS DISTINCT FROM (coalesce(c.minutes, 0), coalesce(c.sessions, 0), coalesce(c.stars, 0))
    ORDER BY s.district, s.from_district
""")


async def moved_of(
    tx: AsyncConnection, entries: Collection[tuple[str, UUID]], imports: Collection[tuple[str, UUID]]
) -> Sequence[tuple[str, UUID]]:
    """Return who has moved away, (district that they left, id) each, of some entries or of closed imports."""
    rows = await tx.execute(
        _MOVED_OF,
        {
            "districts": [district for district, _ in entries],
            "volunteers": [volunteer_id for _, volunteer_id in entries],
            "import_districts": [district for district, _ in imports],
            "imports": [import_id for _, import_id in imports],
        },
    )
    return [(row.from_district, row.volunteer_id) for row in rows]


async def lock_moves(tx: AsyncConnection, volunteer_id: UUID) -> Sequence[str]:
    """Hold somebody's moves to the end of the transaction; return the districts that they have moved to."""
    return sorted(set((await tx.scalars(_LOCK, {"volunteer_id": volunteer_id})).all()))


async def shares_to_carry(tx: AsyncConnection, volunteer_id: UUID) -> Sequence[Share]:
    """Return what somebody has in the districts that they left, where those that they moved on to know otherwise."""
    return [Share(*row) for row in await tx.execute(_SHARES, {"volunteer_id": volunteer_id})]
