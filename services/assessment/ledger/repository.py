"""An import is closed once: when all that it said it has is in the ledger."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CLOSE = text("""
    UPDATE import_progress p SET closed = true
    WHERE (district, import_id) IN (SELECT * FROM unnest(CAST(:district AS text[]), CAST(:import_id AS uuid[])))
      AND NOT closed AND credited_records = expected_records AND credited_minutes = expected_minutes
    RETURNING district, import_id, credited_records, credited_minutes,
              (SELECT count(DISTINCT volunteer_id) FROM ledger_entry e
               WHERE e.district = p.district AND e.import_id = p.import_id)
""")
BULK = 10_000
"""An import of so many records leaves the planner's statistics behind by so much that it takes plans of minutes."""


@dataclass(frozen=True, slots=True)
class ClosedImport:
    """An import whose every record is in the ledger."""

    district: str
    import_id: UUID
    records: int
    minutes: int
    volunteers: int


async def close_complete(tx: AsyncConnection, imports: Collection[tuple[str, UUID]]) -> list[ClosedImport]:
    """Close those of the imports, (district, id) each, that are complete; each is returned once in its life.

    Two consumers that credit the last records at once wait for each other on the progress row, so the later one closes.
    """
    rows = await tx.execute(
        _CLOSE,
        {
            "district": [district for district, _ in imports],
            "import_id": [import_id for _, import_id in imports],
        },
    )
    return [ClosedImport(*row) for row in rows]


async def refresh_statistics(tx: AsyncConnection, closed: Collection[ClosedImport], *tables: str) -> None:
    """Tell the planner what a bulk left in the tables, rather than have everybody wait until autovacuum comes by."""
    if any(done.records >= BULK for done in closed):
        await tx.execute(text(f"ANALYZE {', '.join(tables)}"))
