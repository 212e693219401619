"""What comes to a producer's log while a projection is rebuilt: a swap holds its consumer for the last of it alone.

Invariant: nothing is committed any more at or below the position that a round ends at (``settle``), so whatever is
applied is above it or among the events that were open: found along the log's key, whatever its length.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.received import Received
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.district_log import DISTRICTS, EVENTS
from shared.messaging.replay.event_logs import read_events
from shared.messaging.replay.rebuild import BusyError, Left, not_applied
from shared.messaging.replay.source import EventTypes

SETTLE_SECONDS = 60
"""How long a transaction may be open on the producer's server before a swap gives up."""
_POLL_SECONDS = 0.02
_OF_LOG = DISTRICTS.format(table="event_log")
_END = f"""
    SELECT coalesce(max(last), 0)
    FROM ({_OF_LOG}) d CROSS JOIN LATERAL (SELECT max(position) AS last FROM event_log WHERE district = d.district) e
"""
# A position is drawn by a transaction that has its number by then (log_cursor.py).
_NEXT_TO_BEGIN = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_OLDEST_OPEN = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_SINCE = f"""
    SELECT e.* FROM ({_OF_LOG}) d
    CROSS JOIN LATERAL ({EVENTS} AND district = d.district AND position > $2 AND position <= $3) e
    ORDER BY position
"""
_SOME = f"{EVENTS} AND (district, position) IN (SELECT * FROM unnest($2::text[], $3::bigint[])) ORDER BY position"
_NO_END = (1 << 63) - 1


class LogTail:
    """One producer's log, read on from where it was read to."""

    def __init__(self, service: str, connection: asyncpg.Connection, types: EventTypes) -> None:
        self.service = service
        self._connection, self._types = connection, types
        self.position = 0
        """Everything up to here has been read, and is applied or open."""
        self.open: dict[UUID, Left] = {}

    async def settle(self) -> int:
        """Return the last position, once nothing can be committed below it. Raises BusyError."""
        end: int = await self._connection.fetchval(_END)
        next_to_begin = await self._connection.fetchval(_NEXT_TO_BEGIN)
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while True:
                    if await self._connection.fetchval(_OLDEST_OPEN) >= next_to_begin:
                        return end
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise BusyError(f"a transaction stays open on the server of {self.service}'s event log") from None

    async def applied_since(
        self, tx: AsyncConnection, consumer: str, end: int | None = None
    ) -> tuple[list[Received[Any]], int]:
        """Return what the live projection has applied since, up to ``end`` or all, in order; and how much was read."""
        found = await self._connection.fetch(_SINCE, self._types.names, self.position, end or _NO_END)
        left = {row["event_id"]: Left(row["district"], row["position"], row["event_id"]) for row in found}
        candidates = self.open | left
        unknown = await not_applied(tx, consumer, list(candidates))
        late = [one for event_id, one in self.open.items() if event_id not in unknown]
        if late:
            places = ([one.district for one in late], [one.position for one in late])
            found = [*await self._connection.fetch(_SOME, self._types.names, *places), *found]
        self.open = {event_id: one for event_id, one in candidates.items() if event_id in unknown}
        self.position = max([self.position, *(one.position for one in left.values())]) if end is None else end
        events = [one for one in read_events(self._types, found) if one.attributes.id not in unknown]
        return events, len(candidates)


@asynccontextmanager
async def log_tails(rebuilt: Rebuildable, url_of: Callable[[str], str]) -> AsyncIterator[list[LogTail]]:
    """Open the logs that a projection follows."""
    async with AsyncExitStack() as stack:
        tails = []
        for service in sorted({event.publisher() for event in rebuilt.events}):
            connection = await asyncpg.connect(url_of(service))
            stack.push_async_callback(connection.close)
            tails.append(LogTail(service, connection, EventTypes(rebuilt.events)))
        yield tails
