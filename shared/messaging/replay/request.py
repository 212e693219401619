"""One replay that is asked for, done once, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.positions import Offsets, positions_of
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.comparison import TableComparison, compare
from shared.messaging.replay.event_logs import EventLogs
from shared.messaging.replay.rebuild import Rebuild, shadow
from shared.messaging.replay.source import Scope, Source
from shared.messaging.replay.topic_records import TopicRecords
from shared.messaging.servers import servers_of
from shared.ops import terminal
from shared.ops.terminal import OnProgress
from shared.store.engine import Store

_KEEP = text("""
    INSERT INTO projection_comparison (projection, rows, differences, position, district)
    VALUES (:projection, :rows, :differences, :position, :district)
""")
_EXPORT = text("SELECT pg_export_snapshot()")


class From(StrEnum):
    """Where events are read from."""

    EVENT_LOG = "event-log"
    KAFKA = "kafka"


@dataclass(frozen=True)
class ReplayRequest:
    """One replay that is asked for."""

    service: str
    rebuilt: Rebuildable
    source: From
    until: datetime | None = None
    district: str | None = None

    @property
    def name(self) -> str:
        """The projection's name."""
        return self.rebuilt.projection.name


@dataclass(frozen=True)
class ReplayResult:
    """What came of a replay: how much was applied, and each table against the live one."""

    applied: int
    position: int
    tables: Sequence[TableComparison]

    @property
    def differing(self) -> int:
        """How many rows differ."""
        return sum(table.differing for table in self.tables)


async def replay_once(
    request: ReplayRequest, begin: OnProgress, advance: OnProgress, *, keep: bool = False
) -> ReplayResult:
    """Rebuild a projection and compare it; ``keep`` the result for the metric. ``begin`` is told how many there are.

    Raises BusyError, RetentionCutError, BrokenInvariantError and UndecodableEventError.
    """
    async with Store(terminal.database_url(request.service, "worker"), pool_size=2) as store:
        async with shadow(store, request.rebuilt.projection) as tx:
            source = await source_of(request, tx)
            begin(await source.count())
            rebuild = Rebuild(tx, request.rebuilt, request.service)
            await rebuild.run(source, advance)
            tables = await compare(tx, request.rebuilt.projection, "pg_temp", request.district)
        result = ReplayResult(rebuild.applied, rebuild.position, tables)
        if keep:
            await keep_result(store, request.name, result, request.district)
        return result


async def source_of(request: ReplayRequest, tx: AsyncConnection, after: Offsets | None = None) -> Source:
    """Return where a replay's events are to be read, given the snapshot to agree with.

    ``after``: what a topic has after these offsets alone.
    """
    scope = Scope(request.until, request.district)
    if request.source is From.KAFKA:
        ends = await positions_of(tx, request.service)
        return TopicRecords(servers_of(request.service), terminal.topic_prefix(), request.rebuilt, scope, ends, after)
    snapshot = await tx.scalar(_EXPORT) if request.rebuilt.own_log else None
    return EventLogs(partial(terminal.database_url, role="worker"), request.rebuilt, scope, snapshot)


async def keep_result(store: Store, projection: str, result: ReplayResult, district: str | None) -> None:
    """Keep what a comparison has found, for whoever watches."""
    async with store.transaction() as tx:
        await tx.execute(
            _KEEP,
            {
                "projection": projection,
                "rows": sum(table.rebuilt for table in result.tables),
                "differences": result.differing,
                "position": result.position or result.applied,
                "district": district,
            },
        )
