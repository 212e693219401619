"""What is shown of the ledger: a volunteer's entries, and how far imports are.

Invariant: reads change nothing. A figure sums credits, reversals and corrections by the day of service, so that what
was corrected or voided counts as it is now; a session counts while its record is not void. Where two entries of one
person were merged, what was entered under the one is the other's: it follows from the ledger and from who is merged,
and is written nowhere, so nothing can be lost or counted twice, and undoing it leaves nothing behind (ADR 0060).
What somebody had served in another district before they moved here is in no entry of this one: it counts in what they
have given in their life, and in nothing that is said of the district (ADR 0066).
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

_OF_ENTRY = """
    e.record_id, e.version, e.kind, e.minutes, e.provenance, e.station_id, e.service, e.activity_title, e.started_at,
    e.service_on, e.rating, e.import_id, e.event_id, e.recorded_at, e.rule_set
"""


ENTRIES_OF = """
    (SELECT {of}.volunteer_id AS id UNION ALL
     SELECT m.id FROM merged_volunteer m WHERE m.district = {of}.district AND m.kept_id = {of}.volunteer_id)
"""
"""SQL: the entries of the person that a row ``of`` names: their own, and those that are merged into it."""
IS_MERGED = """
    EXISTS (SELECT FROM merged_volunteer m
            WHERE m.district = {of}.district AND m.id = {of}.volunteer_id AND m.kept_id IS NOT NULL)
"""
"""SQL: whether the entry that a row ``of`` names is merged into another one, and so nobody by itself."""


def of_person(table: str, of: str) -> str:
    """Return the SQL of the rows of a table that are of the person that a row ``of`` names.

    OFFSET 0 leaves the planner nothing but to look each entry up by its key. Left to itself it reads the whole table,
    where it takes a district for a handful of rows, as it does until autovacuum has come by after an import.
    """
    return f"""(
    SELECT row.* FROM {ENTRIES_OF.format(of=of)} own
    CROSS JOIN LATERAL (
        SELECT * FROM {table} t WHERE t.district = {of}.district AND t.volunteer_id = own.id OFFSET 0
    ) row
    )"""


_LIFETIME = """(
    SELECT district, volunteer_id, minutes, sessions FROM volunteer_hours
    UNION ALL
    SELECT district, volunteer_id, minutes, sessions FROM carried_hours
)"""


def _person(of: str, district: str) -> str:
    """Return the SQL of who a row ``of`` is of.

    The few who are merged are looked for in a hash of them; a join with them would cost every row as much again.
    """
    return f"""
    CASE WHEN {of}.volunteer_id IN (
             SELECT m.id FROM merged_volunteer m WHERE m.district = {district} AND m.kept_id IS NOT NULL)
         THEN (SELECT m.kept_id FROM merged_volunteer m WHERE m.district = {district} AND m.id = {of}.volunteer_id)
         ELSE {of}.volunteer_id END
    """


def personal_hours(district: str = ":district") -> str:
    """Return the SQL of what was served in a district, by person; of one person by `SERVED_BY`."""
    return _by_person("volunteer_hours", district)


def lifetime_hours(district: str = ":district") -> str:
    """Return the SQL of what a district's people have given in their life, by person; of one person by `HOURS_OF`."""
    return _by_person(_LIFETIME, district)


def _by_person(sums: str, district: str) -> str:
    return f"""(
    SELECT h.district, {_person("h", district)} AS volunteer_id, sum(h.minutes)::bigint AS minutes,
           sum(h.sessions)::int AS sessions
    FROM {sums} h WHERE h.district = {district} GROUP BY 1, 2
    )"""


PERSONAL_ENTRIES = f"""(
    SELECT e.district, {_person("e", ":district")} AS volunteer_id, e.volunteer_id AS entered_under, {_OF_ENTRY}
    FROM ledger_entry e WHERE e.district = :district
)"""
"""SQL: a district's ledger by person. ``entered_under`` is the entry that a record was made for: somebody is looked for
by that (`ENTRIES_OF`), as no index knows the person."""


def personal_entries_of(of: str) -> str:
    """Return the SQL of `PERSONAL_ENTRIES` of the person that a row ``of`` names alone."""
    return f"""(
    SELECT e.district, {of}.volunteer_id AS volunteer_id, e.volunteer_id AS entered_under, {_OF_ENTRY}
    FROM {of_person("ledger_entry", of)} e
    )"""


def _sums_of_person(sums: str) -> str:
    return f"""
    (SELECT sum(o.minutes)::bigint AS minutes, sum(o.sessions)::int AS sessions FROM {of_person(sums, "{of}")} o)
    """


SERVED_BY = _sums_of_person("volunteer_hours")
"""SQL: what the person that a row ``of`` names has served in its district; both null where nothing was ever entered."""
HOURS_OF = _sums_of_person(_LIFETIME)
"""SQL: what the person that a row ``of`` names has given in their life: there, and before they moved there.

It is looked up by key; both are null where nothing was ever entered.
"""

ROOM = text("SELECT set_config('work_mem', '16MB', true), set_config('plan_cache_mode', 'force_custom_plan', true)")
"""For reads that add up a district's year: 226,000 entries of 120,000 pairs of volunteer and station are summed in
memory (16 MB; a hash may take twice this), where they went through files. They are planned for what is asked for: from
the sixth time on, a plan for whatever may be asked took twenty times as long."""


class LedgerEntry(BaseModel):
    """What one event changed in the ledger, under which rule set. A record's entries add up to its minutes.

    Of an entry that is merged into another one, a ``transfer`` takes back what stands here and names in ``merged_id``
    whose it is now; there it stands as it is here, and ``merged_id`` says whose it was.
    """

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
                    "merged_id": None,
                }
            ]
        }
    )

    record_id: UUID
    version: int
    kind: Literal["credit", "reversal", "correction", "transfer"]
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
    merged_id: UUID | None


class Overlap(BaseModel):
    """Two records of one person, made under two entries, that say of the same time that they served in it."""

    kept_record_id: UUID
    kept_title: str
    merged_record_id: UUID
    merged_title: str
    started_at: datetime
    minutes: int


class Overlaps(BaseModel):
    """The minutes that two entries both have of the same time, and the latest records that they are of, at most 100.

    They count until the office has put one of the two records right.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "minutes": 30,
                    "records": 1,
                    "items": [
                        {
                            "kept_record_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                            "kept_title": "社区读书会",
                            "merged_record_id": "019c2f6e-7777-7c3e-9a51-0d4c8b1f2a77",
                            "merged_title": "敬老活动",
                            "started_at": "2026-03-01T01:30:00Z",
                            "minutes": 30,
                        }
                    ],
                }
            ]
        }
    )

    minutes: int
    records: int
    items: list[Overlap]


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
_LEDGER = text(f"""
    SELECT record_id, version, kind, minutes, provenance, station_id, service, activity_title, started_at, service_on,
           rating, import_id, event_id, recorded_at, rule_set, merged_id
    FROM (
        SELECT {_OF_ENTRY}, NULL::uuid AS merged_id FROM ledger_entry e
        WHERE e.district = :district AND e.volunteer_id = :volunteer_id
        UNION ALL
        SELECT {_OF_ENTRY}, m.id FROM merged_volunteer m
        JOIN ledger_entry e ON e.district = m.district AND e.volunteer_id = m.id
        WHERE m.district = :district AND m.kept_id = :volunteer_id
        UNION ALL
        SELECT {_OF_ENTRY.replace("e.kind", "'transfer'").replace("e.minutes", "-e.minutes")}, m.kept_id
        FROM merged_volunteer m JOIN ledger_entry e ON e.district = m.district AND e.volunteer_id = m.id
        WHERE m.district = :district AND m.id = :volunteer_id AND m.kept_id IS NOT NULL
    ) entry
    WHERE CAST(:started_at AS timestamptz) IS NULL
       OR (started_at, record_id, version, minutes, kind)
          < (:started_at, CAST(:record_id AS uuid), CAST(:version AS int), CAST(:minutes AS int), CAST(:kind AS text))
    ORDER BY started_at DESC, record_id DESC, version DESC, minutes DESC, kind DESC LIMIT :limit
""")
# The ledger has the minutes that count and no end: a record is taken to last so long from its start on.
_OVERLAPS = text("""
    WITH record AS (
        SELECT volunteer_id, record_id, min(activity_title) AS title, min(started_at) AS started_at,
               min(started_at) + make_interval(mins => sum(minutes)::int) AS ended_at
        FROM ledger_entry WHERE district = :district AND volunteer_id IN (:kept_id, :merged_id)
        GROUP BY 1, 2 HAVING sum(minutes) > 0
    ), doubled AS (
        SELECT k.record_id AS kept_record_id, k.title AS kept_title, m.record_id AS merged_record_id,
               m.title AS merged_title, greatest(k.started_at, m.started_at) AS started_at,
               (extract(epoch FROM least(k.ended_at, m.ended_at) - greatest(k.started_at, m.started_at)) / 60)::int
                   AS minutes
        FROM record k JOIN record m ON k.volunteer_id = :kept_id AND m.volunteer_id = :merged_id
                                   AND k.started_at < m.ended_at AND m.started_at < k.ended_at
    )
    SELECT *, sum(minutes) OVER ()::int AS all_minutes, count(*) OVER ()::int AS all_records FROM doubled
    ORDER BY started_at DESC, kept_record_id, merged_record_id LIMIT 100
""")
_PROGRESS = text("""
    SELECT import_id, credited_records, credited_minutes, expected_records, expected_minutes, closed
    FROM import_progress WHERE district = :district AND import_id = :import_id
""")


async def ledger_of(
    tx: AsyncConnection, district: str, volunteer_id: UUID, after: tuple[Any, ...] | None, limit: int
) -> list[LedgerEntry]:
    """Return a volunteer's ledger, latest service first, from after (start, record, version, minutes, kind) on.

    Raises RefusedError ``not_found`` where nobody has that id.
    """
    if not await is_known(tx, district, volunteer_id):
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    started_at, record_id, version, minutes, kind = after or (None,) * 5
    values = {"district": district, "volunteer_id": volunteer_id, "limit": limit}
    position = {"started_at": started_at, "record_id": record_id, "version": version, "minutes": minutes, "kind": kind}
    rows = await tx.execute(_LEDGER, {**values, **position})
    return [LedgerEntry(**row) for row in rows.mappings()]


async def overlaps_of(tx: AsyncConnection, district: str, kept_id: UUID, merged_id: UUID) -> Overlaps:
    """Return what two entries both have of the same time. Raises RefusedError ``not_found`` by field."""
    for field, volunteer_id in (("volunteer_id", kept_id), ("other_id", merged_id)):
        if not await is_known(tx, district, volunteer_id):
            raise RefusedError(Fault(field, Code.NOT_FOUND))
    values = {"district": district, "kept_id": kept_id, "merged_id": merged_id}
    rows = (await tx.execute(_OVERLAPS, values)).mappings().all()
    items = [Overlap(**{name: row[name] for name in Overlap.model_fields}) for row in rows]
    minutes, records = (rows[0]["all_minutes"], rows[0]["all_records"]) if rows else (0, 0)
    return Overlaps(minutes=minutes, records=records, items=items)


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
