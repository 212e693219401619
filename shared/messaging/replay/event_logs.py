"""A projection's events as their producers' event logs have them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from itertools import zip_longest
from operator import itemgetter
from typing import Any

import asyncpg

from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.messaging.handled import EVENT
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.rows import EventRows, select_of
from shared.messaging.replay.source import EventBatch, EventTypes, Scope

BATCH = 10_000
"""Events a batch: as many as keep both the database and this process busy, and fit in memory."""

# By district first, as the key has it: no sort, however long the log is. An aggregate is of one district.
# The columns from event_id on are the fields of Attributes.
EVENT_COLUMNS = "position, data::text, event_id, type, occurred_at, aggregate_id::text, aggregate_version, district"
"""Of an event log, what ``read_events`` takes: from event_id on they are the fields of Attributes."""
_SELECTED = f"""
    FROM event_log
    WHERE {EVENT} = ANY($1::text[]) AND ($2::text IS NULL OR district = $2)
      AND ($3::timestamptz IS NULL OR occurred_at < $3)
"""
_COUNT = "SELECT count(*)" + _SELECTED
_READ = f"""
    SELECT {EVENT_COLUMNS} {_SELECTED} AND type <> ALL($4::text[]) ORDER BY district, position
"""
SPAN = 100_000
"""Events of any type a span: enough that a statement costs little beside its rows, few enough that both databases are
busy."""
# Where each span begins, from the key's index alone; it ends where the next one does, and the last one with the log.
_STARTS = """
    SELECT district, position
    FROM (SELECT district, position, row_number() OVER (ORDER BY district, position) AS number
          FROM event_log WHERE $1::text IS NULL OR district = $1) numbered
    WHERE number % $2 = 1 ORDER BY district, position
"""
_OF_SPAN = """
    WHERE type = $1 AND ($2::text IS NULL OR district = $2) AND ($3::timestamptz IS NULL OR occurred_at < $3)
      AND (district, position) >= ($4, $5) AND ($6::text IS NULL OR (district, position) < ($6, $7))
"""


class EventLogs:
    """The event logs of the services that publish a projection's events, read one after the other."""

    repeats = False

    def __init__(
        self, url_of: Callable[[str], str], rebuilt: Rebuildable, scope: Scope, snapshot: str | None = None
    ) -> None:
        """``snapshot`` is an exported one to read in, where a log is in the very database that is compared."""
        self._snapshot = snapshot
        self._types = EventTypes(rebuilt.events)
        self._in_bulk = list(rebuilt.projection.in_bulk)
        self._url_of, self._scope = url_of, scope
        self._urls = [url_of(service) for service in sorted({event.publisher() for event in rebuilt.events})]
        self._arguments = (self._types.names, scope.district, scope.until)

    async def count(self) -> int:
        """Return how many events there are to read."""
        total = 0
        for url in self._urls:
            async with self._log(url) as log:
                total += await log.fetchval(_COUNT, *self._arguments)
        return total

    async def in_bulk(self) -> AsyncIterator[EventRows]:
        """Give the events that are applied in bulk, as rows."""
        for event in self._in_bulk:
            wanted = (event.event_type(), self._scope.district, self._scope.until)
            async with self._log(self._url_of(event.publisher())) as log:
                for span in await log_spans(log, self._scope.district):
                    rows = BytesIO()
                    query = select_of(event) + _OF_SPAN
                    copied = await log.copy_from_query(query, *wanted, *span, output=rows, format="binary")
                    yield EventRows(event, rows.getbuffer(), int(copied.removeprefix("COPY ")))

    async def batches(self) -> AsyncIterator[EventBatch]:
        """Give all the others."""
        as_rows = [event.event_type() for event in self._in_bulk]
        for url in self._urls:
            async with self._log(url) as log:
                cursor = await log.cursor(_READ, *self._arguments, as_rows)
                while rows := await cursor.fetch(BATCH):
                    yield self._batch(rows)

    @asynccontextmanager
    async def _log(self, url: str) -> AsyncIterator[asyncpg.Connection]:
        """Open a producer's database in a transaction that can write nothing."""
        connection = await asyncpg.connect(url)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                if self._snapshot is not None:
                    await connection.execute(f"SET TRANSACTION SNAPSHOT '{self._snapshot}'")
                yield connection
        finally:
            await connection.close()

    def _batch(self, rows: Sequence[asyncpg.Record]) -> EventBatch:
        events = read_events(self._types, rows)
        positions = list(map(itemgetter(0), rows))
        return EventBatch(events, {}, max(positions), len(rows), positions)


def read_events(types: EventTypes, rows: Sequence[asyncpg.Record]) -> list[Received[Any]]:
    """Return the events of rows with ``EVENT_COLUMNS``. Raises UndecodableEventError."""
    read = types.read
    return [Received(attributes := Attributes(*row[2:]), read(attributes, row[1])) for row in rows]


async def log_spans(log: asyncpg.Connection, district: str | None) -> list[tuple[Any, ...]]:
    """Return the spans of a log, or of a district's part of it: district and position of the first and the next one's.

    The last one is without an end.
    """
    starts = [tuple(start) for start in await log.fetch(_STARTS, district, SPAN)]
    return [(*start, *end) for start, end in zip_longest(starts, starts[1:], fillvalue=(None, None))]
