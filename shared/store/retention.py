"""How long rows are kept that may be forgotten, in one table (ADR 0046); the janitor deletes what is past it.

Invariant: events and what is made of events alone are in no such table: a replay needs the ones and makes the others,
so neither can go while they are compared every night.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

DAY = timedelta(days=1)
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the rows of one table are kept."""

    table: str
    keep: timedelta
    overdue: str
    """The condition, in SQL, that a row meets which ``:before`` is too old for: its time plus ``keep`` is over."""
    because: str


OF_EVERY_SERVICE: Sequence[Retention] = (
    Retention(
        "idempotency_key",
        7 * DAY,
        "created_at < :before",
        "Whoever got no answer asks again within the hour; a week is more than any queue of a phone lasts.",
    ),
    Retention(
        "import_verdict",
        2 * YEAR,
        "(district, import_id) IN (SELECT district, id FROM import_job WHERE completed_at < :before)",
        "Who handed in a file may be asked about it in the year's report and the one after.",
    ),
    Retention("import_job", 2 * YEAR, "completed_at < :before", "As its verdicts, which go first."),
    Retention(
        "import_file",
        DAY,
        "stored_at < :before AND NOT EXISTS "
        "(SELECT FROM import_job j WHERE j.district = import_file.district AND j.id = import_file.import_id)",
        "An upload that broke off; a file that has a job goes when its import has ended.",
    ),
    Retention("dead_letter", YEAR, "settled_at < :before", "What an operator decided is an event besides."),
    Retention("projection_comparison", YEAR, "compared_at < :before", "Every night adds one a projection."),
    Retention("missing_event_count", YEAR, "counted_at < :before", "Every night adds one a type of event."),
)


async def delete_overdue(tx: AsyncConnection, retention: Retention, at: datetime, most: int) -> int:
    """Delete at most so many rows that are overdue at a moment; return how many there were."""
    rows = text(f"""
        DELETE FROM {retention.table} WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM {retention.table} WHERE {retention.overdue} LIMIT :most))
    """)
    done = await tx.execute(rows, {"before": at - retention.keep, "most": most})
    return done.rowcount


async def count_overdue(tx: AsyncConnection, retention: Retention, at: datetime) -> int:
    """Return how many rows are overdue at a moment."""
    rows = text(f"SELECT count(*) FROM {retention.table} WHERE {retention.overdue}")
    return int(await tx.scalar(rows, {"before": at - retention.keep}) or 0)
