"""A district's part of the producers' event logs: what came after a cut, and the history of some aggregates.

Invariant: each log is read in one transaction that can write nothing, begun after the snapshot that is compared: what
has been applied in the one is in the other. Every statement goes along a key of the log, so it costs what it returns;
that a stretch has as many events as before is counted in the key's index alone.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared.contracts.received import Received
from shared.messaging.handled import EVENT
from shared.messaging.replay.event_logs import EVENT_COLUMNS, read_events
from shared.messaging.replay.seal import LogCut
from shared.messaging.replay.source import EventTypes

# From one district to the next along a table's key, however many rows each has.
DISTRICTS = """
    WITH RECURSIVE found AS (
        SELECT min(district) AS district FROM {table}
        UNION ALL
        SELECT (SELECT min(district) FROM {table} t WHERE t.district > found.district)
        FROM found WHERE found.district IS NOT NULL
    )
    SELECT district FROM found WHERE district IS NOT NULL
"""
EVENTS = f"SELECT {EVENT_COLUMNS} FROM event_log WHERE {EVENT} = ANY($1::text[]) "
_OF_DISTRICT = EVENTS + "AND district = $2 "
_OPEN = _OF_DISTRICT + "AND position = ANY($3::bigint[])"
_SINCE = _OF_DISTRICT + "AND position > $3 ORDER BY position LIMIT $4"
_HISTORY = _OF_DISTRICT + "AND aggregate_id = ANY($3::uuid[]) AND position <= $4 ORDER BY position LIMIT $5"
_END = "SELECT coalesce(max(position), 0) FROM event_log WHERE district = $1"
_COUNT = "SELECT count(*) FROM event_log WHERE district = $1 AND position > $2 AND position <= $3"


class Logged(NamedTuple):
    """An event and its place in its producer's log."""

    position: int
    event: Received[Any]


class DistrictLog:
    """One producer's log of one district, in one transaction."""

    def __init__(self, connection: asyncpg.Connection, district: str) -> None:
        self._connection, self._district = connection, district
        self._counted = {0: 0}

    async def end(self) -> int:
        """Return the last position."""
        position: int = await self._connection.fetchval(_END, self._district)
        return position

    async def count(self, position: int) -> int:
        """Return how many events there are up to a position."""
        if position not in self._counted:
            nearest = max(known for known in self._counted if known < position)
            more = await self._connection.fetchval(_COUNT, self._district, nearest, position)
            self._counted[position] = self._counted[nearest] + more
        return self._counted[position]

    async def since(self, types: EventTypes, cut: LogCut, most: int) -> list[Logged]:
        """Return what was open at a cut and what came after it, in order; one more than ``most`` where it is more."""
        rows = await self._connection.fetch(_OPEN, types.names, self._district, list(cut.open))
        rows += await self._connection.fetch(_SINCE, types.names, self._district, cut.position, most + 1)
        return _logged(types, sorted(rows, key=lambda row: row["position"]))

    async def history(self, types: EventTypes, cut: LogCut, aggregates: Collection[UUID], most: int) -> list[Logged]:
        """Return the events of some aggregates up to a cut, without those that were open then; as ``since``."""
        wanted = (types.names, self._district, list(aggregates), cut.position, most + 1)
        rows = await self._connection.fetch(_HISTORY, *wanted)
        left_open = set(cut.open)
        return _logged(types, [row for row in rows if row["position"] not in left_open])


class ProducersLogs:
    """The logs of the producers that a service's projections follow; the connections are kept for many districts."""

    def __init__(self, connections: dict[str, asyncpg.Connection], own: str) -> None:
        self.connections, self._own = connections, own

    @asynccontextmanager
    async def of_district(self, district: str, snapshot: str) -> AsyncIterator[dict[str, DistrictLog]]:
        """Open a district's part of each log, by service; the service's own one in the exported ``snapshot``."""
        async with AsyncExitStack() as stack:
            for service, connection in self.connections.items():
                await stack.enter_async_context(connection.transaction(isolation="repeatable_read", readonly=True))
                if service == self._own:
                    await connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            yield {service: DistrictLog(connection, district) for service, connection in self.connections.items()}


@asynccontextmanager
async def producers_logs(
    services: Collection[str], own: str, url_of: Callable[[str], str]
) -> AsyncIterator[ProducersLogs]:
    """Connect to the databases of some producers."""
    async with AsyncExitStack() as stack:
        connections = {}
        for service in sorted(services):
            connections[service] = await asyncpg.connect(url_of(service))
            stack.push_async_callback(connections[service].close)
        yield ProducersLogs(connections, own)


def _logged(types: EventTypes, rows: Sequence[asyncpg.Record]) -> list[Logged]:
    return [Logged(row["position"], event) for row, event in zip(rows, read_events(types, rows), strict=True)]
