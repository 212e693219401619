"""Events that were lost on their way: in their producers' logs, and neither in our inbox nor parked.

Invariant: of every type that a service handles each event since the subscription is looked at, once it has had
``GRACE`` to arrive. The log is read before the inbox, so what is just being applied is not taken for missing. A
comparison of projections goes by the inbox and cannot see this.

One scan of each log, span by span: the ids go as PostgreSQL's binary form into a temporary table beside the inbox, and
no transaction is longer than a span.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.handled import EVENT, HANDLED, PARKED_IDS
from shared.messaging.reactions import Reactions
from shared.messaging.replay.event_logs import log_spans
from shared.messaging.subscription import Subscriptions, name_of, read_rows
from shared.ops.terminal import OnProgress
from shared.store.engine import Store

GRACE = timedelta(minutes=10)

_LOGGED = f"""
    SELECT event_id, {EVENT} FROM event_log
    WHERE {HANDLED}
      AND occurred_at < clock_timestamp() - $3::interval AND ($4::text IS NULL OR district = $4)
      AND (district, position) >= ($5, $6) AND ($7::text IS NULL OR (district, position) < ($7, $8))
"""
_ROOM = "CREATE TEMPORARY TABLE logged (event_id uuid NOT NULL, event text NOT NULL)"
# By the inbox's key, event by event: as NOT EXISTS it becomes a join, for which every span reads all of the inbox.
# What is parked is looked at only if something is absent.
_COUNT = text(f"""
    WITH absent AS MATERIALIZED (
        SELECT event_id, event FROM logged
        WHERE (SELECT true FROM inbox WHERE consumer = :consumer AND inbox.event_id = logged.event_id) IS NULL
    ), missing AS (
        SELECT event FROM absent
        WHERE event_id::text <> ALL ({PARKED_IDS})
    )
    SELECT event, count(*) AS logged, (SELECT count(*) FROM missing WHERE missing.event = logged.event) AS missing
    FROM logged GROUP BY event
""")
_KEEP = text("""
    INSERT INTO missing_event_count (consumer, event, counted_at, logged, missing, district)
    SELECT :consumer, event, clock_timestamp(), logged, missing, :district
    FROM unnest(CAST(:event AS text[]), CAST(:logged AS bigint[]), CAST(:missing AS bigint[]))
         AS counted(event, logged, missing)
""")


class MissingEvents(NamedTuple):
    """Of how many logged events of a type how many are missing; the type without its version."""

    event: str
    logged: int
    missing: int


async def count_missing(
    store: Store, reactions: Reactions, url_of: Callable[[str], str], district: str | None, advance: OnProgress
) -> list[MissingEvents]:
    """Count for every type that is handled, of one district or of all, and keep the result.

    ``store`` is the worker's, ``url_of`` gives the database of a producing service. ``advance`` is told how many events
    each span was.
    """
    logged, missing = Counter[str](), Counter[str]()
    async with store.engine.connect() as session:
        await session.execution_options(isolation_level="AUTOCOMMIT")
        subscriptions = Subscriptions.of(reactions, await read_rows(session, reactions.service))
        await session.exec_driver_sql(_ROOM)
        for producer in sorted({event.publisher() for event in subscriptions.since}):
            events = [event for event in subscriptions.since if event.publisher() == producer]
            wanted = (*subscriptions.handled(reactions, events), GRACE, district)
            async for ids in _logged(url_of(producer), wanted, district):
                for row in await _count(session, reactions.service, ids):
                    logged[row.event] += row.logged
                    missing[row.event] += row.missing
                    advance(row.logged)
        names = sorted(map(name_of, subscriptions.since))
        result = [MissingEvents(name, logged[name], missing[name]) for name in names]
        await _keep(session, reactions.service, district, result)
        await session.invalidate()  # the table goes with the session
    return result


async def _logged(url: str, wanted: Sequence[Any], district: str | None) -> AsyncIterator[BytesIO]:
    """Give ids and types of each span of a log, in binary COPY format."""
    log = await asyncpg.connect(url)
    try:
        for span in await log_spans(log, district):
            ids = BytesIO()
            await log.copy_from_query(_LOGGED, *wanted, *span, output=ids, format="binary")
            ids.seek(0)
            yield ids
    finally:
        await log.close()


async def _count(session: AsyncConnection, consumer: str, ids: BytesIO) -> Sequence[Row[Any]]:
    driver: asyncpg.Connection = (await session.get_raw_connection()).driver_connection
    await driver.copy_to_table("logged", source=ids, format="binary")
    counted = (await session.execute(_COUNT, {"consumer": consumer})).all()
    await session.exec_driver_sql("TRUNCATE logged")
    return counted


async def _keep(
    session: AsyncConnection, consumer: str, district: str | None, counted: Sequence[MissingEvents]
) -> None:
    await session.execute(
        _KEEP,
        {
            "consumer": consumer,
            "district": district,
            "event": [one.event for one in counted],
            "logged": [one.logged for one in counted],
            "missing": [one.missing for one in counted],
        },
    )
