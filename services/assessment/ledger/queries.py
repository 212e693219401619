"""What is shown of the ledger: a volunteer's entries, and how far imports are.

Invariant: reads change nothing. A figure sums credits, reversals and corrections by the day of service, so that what
was corrected or voided counts as it is now; a session counts while its record is not void.
"""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.register.queries import is_known
from shared.contracts import Provenance
from shared.contracts.faults import Code, Fault, RefusedError

SESSIONS = "sum(CASE kind WHEN 'reversal' THEN -1 ELSE 1 END)"
"""SQL: how many records stand. A void one has a credit and its reversal, a corrected one a correction more."""

ROOM = text("SET LOCAL work_mem = '16MB'")
"""For reads that add up a district's year: 226,000 entries of 120,000 pairs of volunteer and station are summed in
memory (16 MB; a hash may take twice this), where they went through files."""


class LedgerEntry(BaseModel):
    """What one event changed in the ledger, under which rule set. A record's entries add up to its minutes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "record_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "version": 2,
                    "kind": "correction",
                    "minutes": 90,
                    "provenance": "leader",
                    "station_id": "019c2f6e-2222-7c3e-9a51-0d4c8b1f2a77",
                    "service": "culture",
                    "activity_title": "社区读书会",
                    "started_at": "2026-03-01T01:00:00Z",
                    "service_on": "2026-03-01",
                    "rating": 5,
                    "import_id": None,
                    "event_id": "019c2f6e-3333-7c3e-9a51-0d4c8b1f2a77",
                    "recorded_at": "2026-03-02T03:05:00Z",
                    "rule_set": "510115/2025.1",
                }
            ]
        }
    )

    record_id: UUID
    version: int
    kind: Literal["credit", "reversal", "correction"]
    minutes: int
    provenance: Provenance
    station_id: UUID
    service: str
    activity_title: str
    started_at: datetime
    service_on: date
    rating: int | None
    import_id: UUID | None
    event_id: UUID
    recorded_at: datetime
    rule_set: str


class ImportProgress(BaseModel):
    """How much of an import is in the ledger; ``expected_*`` are null until the import's end has been heard of."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "import_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "credited_records": 120000,
                    "credited_minutes": 23020140,
                    "expected_records": 250789,
                    "expected_minutes": 48100830,
                    "closed": False,
                }
            ]
        }
    )

    import_id: UUID
    credited_records: int
    credited_minutes: int
    expected_records: int | None
    expected_minutes: int | None
    closed: bool


# Of one record and version the reversal has the least minutes: newest first, it comes after the correction.
_LEDGER = text("""
    SELECT record_id, version, kind, minutes, provenance, station_id, service, activity_title, started_at, service_on,
           rating, import_id, event_id, recorded_at, rule_set
    FROM ledger_entry
    WHERE district = :district AND volunteer_id = :volunteer_id
      AND (CAST(:started_at AS timestamptz) IS NULL
           OR (started_at, record_id, version, minutes)
              < (:started_at, CAST(:record_id AS uuid), CAST(:version AS int), CAST(:minutes AS int)))
    ORDER BY started_at DESC, record_id DESC, version DESC, minutes DESC LIMIT :limit
""")
_PROGRESS = text("""
    SELECT import_id, credited_records, credited_minutes, expected_records, expected_minutes, closed
    FROM import_progress WHERE district = :district AND import_id = :import_id
""")


async def ledger_of(
    tx: AsyncConnection, district: str, volunteer_id: UUID, after: tuple[Any, ...] | None, limit: int
) -> list[LedgerEntry]:
    """Return a volunteer's ledger, latest service first, from after (start, record, version, minutes) on.

    Raises RefusedError ``not_found`` where nobody has that id.
    """
    if not await is_known(tx, district, volunteer_id):
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    started_at, record_id, version, minutes = after or (None, None, None, None)
    values = {"district": district, "volunteer_id": volunteer_id, "limit": limit}
    position = {"started_at": started_at, "record_id": record_id, "version": version, "minutes": minutes}
    rows = await tx.execute(_LEDGER, {**values, **position})
    return [LedgerEntry(**row) for row in rows.mappings()]


async def progress_of(tx: AsyncConnection, district: str, import_id: UUID) -> ImportProgress:
    """Return how far an import is. Of one that nothing has arrived of, and so of any unknown id, it is nothing yet."""
    rows = await tx.execute(_PROGRESS, {"district": district, "import_id": import_id})
    row = rows.mappings().one_or_none()
    nothing = ImportProgress(
        import_id=import_id,
        credited_records=0,
        credited_minutes=0,
        expected_records=None,
        expected_minutes=None,
        closed=False,
    )
    return ImportProgress(**row) if row else nothing
