"""What the earlier lines of a dry run would have put on file (a repository).

Invariant: it is read by the same dry run alone, and forgotten at its end.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.records.domain import LONGEST_SESSION, ServiceRecord, Session
from services.activities.records.tables import trial_record
from shared.store.statements import insert_rows

_DIGESTS = text("""
    SELECT record_no, digest FROM trial_record
    WHERE district = :district AND import_id = :import_id AND record_no = ANY(CAST(:numbers AS text[]))
""")
_SESSIONS = text("""
    SELECT volunteer_id, started_at, ended_at FROM trial_record
    WHERE district = :district AND import_id = :import_id AND volunteer_id = ANY(CAST(:volunteers AS uuid[]))
      AND started_at >= :earliest AND started_at < :before
""")
_REMEMBER = insert_rows(
    trial_record,
    ["record_no", "digest", "volunteer_id", "started_at", "ended_at"],
    same=["district", "import_id"],
)
_FORGET = text("DELETE FROM trial_record WHERE district = :district")


async def digests(tx: AsyncConnection, district: str, import_id: UUID, numbers: Collection[str]) -> dict[str, bytes]:
    """Return the digests of records of earlier lines, by number."""
    rows = await tx.execute(_DIGESTS, {"district": district, "import_id": import_id, "numbers": list(numbers)})
    return {row.record_no: row.digest for row in rows}


async def sessions(
    tx: AsyncConnection,
    district: str,
    import_id: UUID,
    volunteers: Collection[UUID],
    after: datetime,
    before: datetime,
) -> list[Session]:
    """Return when the volunteers serve by earlier lines, between two moments."""
    rows = await tx.execute(
        _SESSIONS,
        {
            "district": district,
            "import_id": import_id,
            "volunteers": list(volunteers),
            "earliest": after - LONGEST_SESSION,
            "before": before,
        },
    )
    return [Session(*row) for row in rows]


async def remember(tx: AsyncConnection, district: str, import_id: UUID, records: Sequence[ServiceRecord]) -> None:
    """Remember records for the rest of the dry run."""
    await tx.execute(
        _REMEMBER,
        {
            "district": district,
            "import_id": import_id,
            "record_no": [record.record_no for record in records],
            "digest": [record.digest() for record in records],
            "volunteer_id": [record.volunteer_id for record in records],
            "started_at": [record.started_at for record in records],
            "ended_at": [record.ended_at for record in records],
        },
    )


async def forget(tx: AsyncConnection, district: str) -> None:
    """Forget the dry run that has ended, and any before it that failed: a district has one import at a time."""
    await tx.execute(_FORGET, {"district": district})
