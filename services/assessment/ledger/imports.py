"""How far imports of service records are, counted as their records are told of.

Invariant: the records and the event that says how many there are may come in any order, by any consumer; each is
counted once.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import ServiceLogged, ServiceRecordsImported
from shared.contracts.received import Received
from shared.store.projection import Groups, ProjectedTable, Projection, rows_of

_ADD = """
    INSERT INTO import_progress AS p (district, import_id, credited_records, credited_minutes, expected_records,
                                      expected_minutes)
    {told}
    ON CONFLICT (district, import_id) DO UPDATE
    SET credited_records = p.credited_records + excluded.credited_records,
        credited_minutes = p.credited_minutes + excluded.credited_minutes,
        expected_records = coalesce(excluded.expected_records, p.expected_records),
        expected_minutes = coalesce(excluded.expected_minutes, p.expected_minutes)
"""
# What a record counts is 1; how many the whole import has is said once, by the event that completes it.
_AS_EVENTS = """
    SELECT district, import_id, coalesce(sum(records) FILTER (WHERE NOT complete), 0),
           coalesce(sum(minutes) FILTER (WHERE NOT complete), 0), max(records) FILTER (WHERE complete),
           max(minutes) FILTER (WHERE complete)
    FROM unnest(CAST(:district AS text[]), CAST(:import_id AS uuid[]), CAST(:records AS int[]),
                CAST(:minutes AS bigint[]), CAST(:complete AS boolean[]))
         AS told(district, import_id, records, minutes, complete)
    GROUP BY 1, 2 ORDER BY 1, 2
"""
_AS_ROWS = f"""
    SELECT district, import_id, count(*), sum(minutes), NULL::int, NULL::bigint FROM {rows_of(ServiceLogged)}
    WHERE import_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
"""
_PROGRESS, _PROGRESS_IN_BULK = (text(_ADD.format(told=told)) for told in (_AS_EVENTS, _AS_ROWS))


async def count_imported(
    tx: AsyncConnection, events: Sequence[Received[ServiceLogged] | Received[ServiceRecordsImported]]
) -> set[tuple[str, UUID]]:
    """Count an import's records as they come, and how many are to come; return the imports, (district, id) each."""
    of_imports = [event for event in events if event.data.import_id is not None]
    if of_imports:
        await tx.execute(
            _PROGRESS,
            {
                "district": [event.attributes.district for event in of_imports],
                "import_id": [event.data.import_id for event in of_imports],
                "records": [getattr(event.data, "records", 1) for event in of_imports],
                "minutes": [event.data.minutes for event in of_imports],
                "complete": [isinstance(event.data, ServiceRecordsImported) for event in of_imports],
            },
        )
    return {(event.attributes.district, event.data.import_id) for event in of_imports if event.data.import_id}


async def _count_in_bulk(tx: AsyncConnection) -> None:
    await tx.execute(_PROGRESS_IN_BULK)


IMPORTS = Projection(
    "imports",
    (
        ProjectedTable(
            "import_progress", ("expected_records", "expected_minutes", "credited_records", "credited_minutes")
        ),
    ),
    count_imported,
    in_bulk={ServiceLogged: _count_in_bulk},
    # Which records an import had is said nowhere else: one that was under way at the seal is replayed in full.
    groups=Groups({"import_progress": "import_id"}, of=lambda event: event.data.import_id),
    compare_only="whether an import is closed was decided, and announced, once",
)
