"""Service records.

Invariant: whoever adds a record or begins an attendance holds the lock that its overlap check needs: an import the
whole district's (``lock_district``), check-ins and check-outs their volunteers' (``lock_volunteers``), which wait for
the import's chunk but not for other people's check-outs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.records.domain import LONGEST_SESSION, RecordOnFile, ServiceRecord, Session
from services.activities.records.tables import service_record
from services.activities.register.repository import SAME_PERSON
from shared.contracts.service_record import Provenance
from shared.store.statements import insert_rows, unnest

_LOCK_DISTRICT = text("SELECT pg_advisory_xact_lock(hashtextextended('service-records:' || :district, 0))")
_LOCK_VOLUNTEERS = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('service-records:' || :district || v.id, 0))
    FROM (SELECT pg_advisory_xact_lock_shared(hashtextextended('service-records:' || :district, 0))) shared,
         (SELECT id FROM unnest(CAST(:volunteers AS text[])) AS v(id) ORDER BY id) v
""")
_DIGESTS = text("""
    SELECT record_no, digest FROM service_record
    WHERE district = :district AND record_no = ANY(CAST(:numbers AS text[]))
""")
# A void record (0 minutes) took no time. An attendance that is still on lasts to its shift's end at most, whoever
# forgets to check out. Whose records are looked for is known before one is read: an import asks about thousands.
_SESSIONS = text(f"""
    SELECT volunteer_id, started_at, ended_at FROM service_record
    WHERE district = :district AND volunteer_id = ANY(CAST(:volunteers AS uuid[]))
      AND started_at >= :earliest AND started_at < :before AND minutes > 0
    UNION ALL
    SELECT u.volunteer_id, greatest(u.checked_in_at, s.starts_at), s.ends_at
    FROM sign_up u JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    WHERE u.district = :district AND u.volunteer_id = ANY(CAST(:volunteers AS uuid[])) AND u.state = 'attending'
      AND u.checked_in_at < :before
    UNION ALL
    SELECT p.asked, r.started_at, r.ended_at
    FROM service_record r
    JOIN {SAME_PERSON} p ON p.entry = r.volunteer_id AND p.asked = ANY(CAST(:volunteers AS uuid[]))
    WHERE r.district = :district AND r.started_at >= :earliest AND r.started_at < :before AND r.minutes > 0
      AND r.volunteer_id = ANY(ARRAY(
          SELECT p.entry FROM {SAME_PERSON} p WHERE p.asked = ANY(CAST(:volunteers AS uuid[]))))
    ORDER BY 1, 2
""")
_CONFLICT = text(f"""
    WITH asked AS (
        SELECT * FROM unnest(CAST(:volunteers AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
             AS w(volunteer_id, started_at, ended_at)
    ), wanted AS (
        SELECT * FROM asked
        UNION ALL
        SELECT p.entry, a.started_at, a.ended_at FROM asked a JOIN {SAME_PERSON} p ON p.asked = a.volunteer_id
    )
    SELECT r.activity AS title, r.started_at, r.ended_at, r.sign_up_id, NULL AS shift_id
    FROM wanted w JOIN service_record r
      ON r.district = :district AND r.volunteer_id = w.volunteer_id AND r.minutes > 0
     AND r.started_at < w.ended_at AND r.ended_at > w.started_at
     AND r.started_at > w.started_at - CAST(:longest AS interval)
    WHERE (r.sign_up_id IS NULL OR NOT r.sign_up_id = ANY(CAST(:besides AS uuid[])))
      AND r.id IS DISTINCT FROM CAST(:record_id AS uuid)
    UNION ALL
    SELECT a.title, s.starts_at, s.ends_at, u.id, s.id
    FROM wanted w JOIN sign_up u ON u.district = :district AND u.volunteer_id = w.volunteer_id AND u.state = 'attending'
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE greatest(u.checked_in_at, s.starts_at) < w.ended_at AND s.ends_at > w.started_at
      AND NOT u.id = ANY(CAST(:besides AS uuid[]))
    LIMIT 1
""")
_INSERT = insert_rows(
    service_record,
    ["id", *ServiceRecord._fields, "digest"],
    same=["district", "provenance", "import_id", "version"],
)
_INSERT_ATTENDED = insert_rows(
    service_record,
    ["id", *ServiceRecord._fields, "digest", "provenance", "sign_up_id"],
    same=["district", "version"],
)
_NEXT_NUMBERS = text("SELECT nextval('attendance_record_number') FROM generate_series(1, :count)")
_RECORD = f"""
    SELECT id, version, sign_up_id, provenance, {", ".join(ServiceRecord._fields)} FROM service_record
    WHERE district = :district
"""
_LOCK_OF_SIGN_UPS = text(f"{_RECORD} AND sign_up_id = ANY(CAST(:sign_ups AS uuid[])) ORDER BY id FOR UPDATE")
_LOCK_RECORD = text(f"{_RECORD} AND id = :id FOR UPDATE")
_CORRECT = text(f"""
    UPDATE service_record s
    SET minutes = r.minutes, started_at = r.started_at, ended_at = r.ended_at, version = s.version + 1
    FROM {unnest(service_record, ["id", "minutes", "started_at", "ended_at"])}
    WHERE s.district = :district AND s.id = r.id
""")
_RATE = text("""
    UPDATE service_record s SET organiser_rating = r.rating, version = s.version + 1
    FROM unnest(CAST(:sign_ups AS uuid[]), CAST(:ratings AS int[])) AS r(sign_up_id, rating)
    WHERE s.district = :district AND s.sign_up_id = r.sign_up_id AND s.minutes > 0
      AND s.organiser_rating IS DISTINCT FROM r.rating
    RETURNING s.id, s.volunteer_id, s.organiser_rating, s.version
""")
_COUNT_IMPORTED = text("""
    INSERT INTO record_import AS i (district, import_id, records, minutes)
    VALUES (:district, :import_id, :records, :minutes)
    ON CONFLICT (district, import_id)
    DO UPDATE SET records = i.records + excluded.records, minutes = i.minutes + excluded.minutes
    RETURNING records, minutes
""")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where imported records come from: who vouches for their times, and the import they belong to."""

    provenance: Provenance
    import_id: UUID


class Elsewhere(NamedTuple):
    """Where somebody is recorded, or attends, at a time that something else is claimed for."""

    title: str
    started_at: datetime
    ended_at: datetime
    sign_up_id: UUID | None
    shift_id: UUID | None

    def named(self) -> dict[str, str]:
        """Return it as a refusal names it."""
        ids = {"sign_up_id": self.sign_up_id, "shift_id": self.shift_id}
        return {
            "title": self.title,
            "starts_at": self.started_at.isoformat(),
            "ends_at": self.ended_at.isoformat(),
            **{name: str(found) for name, found in ids.items() if found},
        }


async def lock_district(tx: AsyncConnection, district: str) -> None:
    """Keep every other writer of the district's records out until the transaction ends."""
    await tx.execute(_LOCK_DISTRICT, {"district": district})


async def lock_volunteers(tx: AsyncConnection, district: str, volunteers: Collection[UUID]) -> None:
    """Keep every other writer of some volunteers' records out until the transaction ends."""
    await tx.execute(_LOCK_VOLUNTEERS, {"district": district, "volunteers": [str(each) for each in volunteers]})


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
        },
    )
    return [Session(*row) for row in rows]


async def conflict(
    tx: AsyncConnection,
    district: str,
    wanted: Sequence[tuple[UUID, datetime, datetime]],
    *,
    besides: Sequence[UUID] = (),
    record_id: UUID | None = None,
) -> Elsewhere | None:
    """Return where one of some volunteers is from a start until an end, or None.

    Left out are the sign-ups ``besides`` and the record that it is about.
    """
    row = await tx.execute(
        _CONFLICT,
        {
            "district": district,
            "volunteers": [volunteer for volunteer, _, _ in wanted],
            "starts": [start for _, start, _ in wanted],
            "ends": [end for _, _, end in wanted],
            "besides": list(besides),
            "record_id": record_id,
            "longest": LONGEST_SESSION,
        },
    )
    found = row.one_or_none()
    return Elsewhere(*found) if found else None


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
            "import_id": origin.import_id,
            "version": 1,
            "id": list(ids),
            "digest": [record.digest() for record in records],
            **by_field,
        },
    )


async def insert_attended(tx: AsyncConnection, district: str, made: Sequence[RecordOnFile]) -> None:
    """Put the records of attendances on file under their first version."""
    by_field = dict(
        zip(ServiceRecord._fields, map(list, zip(*(each.record for each in made), strict=True)), strict=True)
    )
    await tx.execute(
        _INSERT_ATTENDED,
        {
            "district": district,
            "version": 1,
            "id": [each.id for each in made],
            "digest": [each.record.digest() for each in made],
            "provenance": [each.provenance for each in made],
            "sign_up_id": [each.sign_up_id for each in made],
            **by_field,
        },
    )


async def next_numbers(tx: AsyncConnection, count: int) -> list[int]:
    """Return numbers that no other records made at a check-out have."""
    return list((await tx.execute(_NEXT_NUMBERS, {"count": count})).scalars())


async def lock_records_of(tx: AsyncConnection, district: str, sign_ups: Sequence[UUID]) -> dict[UUID, RecordOnFile]:
    """Return the records that attendances have led to, locked until the transaction ends, by sign-up."""
    rows = await tx.execute(_LOCK_OF_SIGN_UPS, {"district": district, "sign_ups": list(sign_ups)})
    return {row.sign_up_id: _on_file(row) for row in rows}


async def lock_record(tx: AsyncConnection, district: str, record_id: UUID) -> RecordOnFile | None:
    """Return a record, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK_RECORD, {"district": district, "id": record_id})).one_or_none()
    return _on_file(row) if row else None


async def correct(tx: AsyncConnection, district: str, corrected: Sequence[RecordOnFile]) -> None:
    """Set the times and minutes of locked records; the version of each rises by one."""
    await tx.execute(
        _CORRECT,
        {
            "district": district,
            "id": [each.id for each in corrected],
            "minutes": [each.record.minutes for each in corrected],
            "started_at": [each.record.started_at for each in corrected],
            "ended_at": [each.record.ended_at for each in corrected],
        },
    )


class Rated(NamedTuple):
    """A record that was rated, and its version since."""

    id: UUID
    volunteer_id: UUID
    rating: int
    version: int


async def rate(tx: AsyncConnection, district: str, ratings: Mapping[UUID, int]) -> list[Rated]:
    """Put organisers' ratings, by sign-up, on locked records; return what is different now, not what is void."""
    values = {"district": district, "sign_ups": list(ratings), "ratings": list(ratings.values())}
    return [Rated(*row) for row in await tx.execute(_RATE, values)]


def _on_file(row: Row[Any]) -> RecordOnFile:
    return RecordOnFile(row.id, row.version, row.sign_up_id, Provenance(row.provenance), ServiceRecord._make(row[4:]))


async def count_imported(
    tx: AsyncConnection, district: str, import_id: UUID, records: int, minutes: int
) -> tuple[int, int]:
    """Add to what an import has brought in; return its records and minutes so far."""
    row = await tx.execute(
        _COUNT_IMPORTED, {"district": district, "import_id": import_id, "records": records, "minutes": minutes}
    )
    total = row.one()
    return total.records, total.minutes
