"""Service records.

Invariant: whoever adds a record or begins an attendance holds the lock that its overlap check needs: an import the
whole district's (``lock_district``), one check-in or check-out its volunteer's (``lock_volunteer``), which waits for
the import's chunk but not for other people's check-outs.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.records.domain import LONGEST_SESSION, ServiceRecord, Session
from services.activities.records.tables import service_record
from shared.contracts.service_record import Provenance
from shared.store.statements import insert_rows

_LOCK_DISTRICT = text("SELECT pg_advisory_xact_lock(hashtextextended('service-records:' || :district, 0))")
_LOCK_VOLUNTEER = text("""
    SELECT pg_advisory_xact_lock_shared(hashtextextended('service-records:' || :district, 0)),
           pg_advisory_xact_lock(hashtextextended('service-records:' || :district || :volunteer_id, 0))
""")
_DIGESTS = text("""
    SELECT record_no, digest FROM service_record
    WHERE district = :district AND record_no = ANY(CAST(:numbers AS text[]))
""")
# A void record (0 minutes) took no time. An attendance that is still on has no end yet.
_SESSIONS = text("""
    SELECT volunteer_id, started_at, ended_at FROM service_record
    WHERE district = :district AND volunteer_id = ANY(CAST(:volunteers AS uuid[]))
      AND started_at >= :earliest AND started_at < :before AND minutes > 0
    UNION ALL
    SELECT volunteer_id, checked_in_at, CAST(:forever AS timestamptz) FROM sign_up
    WHERE district = :district AND volunteer_id = ANY(CAST(:volunteers AS uuid[])) AND state = 'attending'
      AND checked_in_at < :before
    ORDER BY 1, 2
""")
_INSERT = insert_rows(
    service_record,
    ["id", *ServiceRecord._fields, "digest"],
    same=["district", "provenance", "sign_up_id", "import_id", "version"],
)
_NEXT_NUMBER = text("SELECT nextval('attendance_record_number')")
_COLUMNS = ", ".join(ServiceRecord._fields)
_OF_SIGN_UP = text(f"SELECT id, {_COLUMNS} FROM service_record WHERE district = :district AND sign_up_id = :id")
_LOCK_RECORD = text(
    f"SELECT version, {_COLUMNS} FROM service_record WHERE district = :district AND id = :id FOR UPDATE"
)
_CORRECT = text("""
    UPDATE service_record SET minutes = :minutes, version = version + 1 WHERE district = :district AND id = :id
""")
_COUNT_IMPORTED = text("""
    INSERT INTO record_import AS i (district, import_id, records, minutes)
    VALUES (:district, :import_id, :records, :minutes)
    ON CONFLICT (district, import_id)
    DO UPDATE SET records = i.records + excluded.records, minutes = i.minutes + excluded.minutes
    RETURNING records, minutes
""")
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: who vouches for their times, and the attendance or the import they belong to."""

    provenance: Provenance
    sign_up_id: UUID | None = None
    import_id: UUID | None = None


async def lock_district(tx: AsyncConnection, district: str) -> None:
    """Keep every other writer of the district's records out until the transaction ends."""
    await tx.execute(_LOCK_DISTRICT, {"district": district})


async def lock_volunteer(tx: AsyncConnection, district: str, volunteer_id: UUID) -> None:
    """Keep every other writer of one volunteer's records out until the transaction ends."""
    await tx.execute(_LOCK_VOLUNTEER, {"district": district, "volunteer_id": str(volunteer_id)})


async def digests(tx: AsyncConnection, district: str, numbers: Collection[str]) -> dict[str, bytes]:
    """Return the digests of the records that are on file, by number."""
    rows = await tx.execute(_DIGESTS, {"district": district, "numbers": list(numbers)})
    return {row.record_no: row.digest for row in rows}


async def sessions(
    tx: AsyncConnection,
    district: str,
    volunteers: Collection[UUID],
    after: datetime,
    before: datetime,
) -> list[Session]:
    """Return when the volunteers served, or serve now, between two moments."""
    rows = await tx.execute(
        _SESSIONS,
        {
            "district": district,
            "volunteers": list(volunteers),
            "earliest": after - LONGEST_SESSION,
            "before": before,
            "forever": _FOREVER,
        },
    )
    return [Session(*row) for row in rows]


async def insert_records(
    tx: AsyncConnection, district: str, ids: Sequence[UUID], records: Sequence[ServiceRecord], origin: Origin
) -> None:
    """Put records on file under their first version."""
    by_field = dict(zip(ServiceRecord._fields, map(list, zip(*records, strict=True)), strict=True))
    await tx.execute(
        _INSERT,
        {
            "district": district,
            "provenance": origin.provenance,
            "sign_up_id": origin.sign_up_id,
            "import_id": origin.import_id,
            "version": 1,
            "id": list(ids),
            "digest": [record.digest() for record in records],
            **by_field,
        },
    )


async def next_number(tx: AsyncConnection) -> int:
    """Return a number that no other record made at a check-out has."""
    number: int = (await tx.execute(_NEXT_NUMBER)).scalar_one()
    return number


async def record_of(tx: AsyncConnection, district: str, sign_up_id: UUID) -> tuple[UUID, ServiceRecord] | None:
    """Return the record, and its id, that an attendance has led to; None where it gave no minute."""
    row = (await tx.execute(_OF_SIGN_UP, {"district": district, "id": sign_up_id})).one_or_none()
    return (row[0], ServiceRecord(*row[1:])) if row else None


async def lock_record(tx: AsyncConnection, district: str, record_id: UUID) -> tuple[int, ServiceRecord] | None:
    """Return a record and its version, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK_RECORD, {"district": district, "id": record_id})).one_or_none()
    return (row[0], ServiceRecord(*row[1:])) if row else None


async def correct(tx: AsyncConnection, district: str, record_id: UUID, minutes: int) -> None:
    """Set a locked record's minutes; its version rises by one."""
    await tx.execute(_CORRECT, {"district": district, "id": record_id, "minutes": minutes})


async def count_imported(
    tx: AsyncConnection, district: str, import_id: UUID, records: int, minutes: int
) -> tuple[int, int]:
    """Add to what an import has brought in; return its records and minutes so far."""
    row = await tx.execute(
        _COUNT_IMPORTED, {"district": district, "import_id": import_id, "records": records, "minutes": minutes}
    )
    total = row.one()
    return total.records, total.minutes
