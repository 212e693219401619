"""A projection filled again from its events, in shadow tables that hold exactly what the live ones should hold.

Invariant: all of it happens in one snapshot of the service's database. The snapshot says which events the live
projection has applied (its inbox), the shadow gets those and no others, and both are compared in that same snapshot:
the live system goes on meanwhile and makes no false difference.

Nothing but the shadow can change. The shadow is temporary tables of this session, and the transaction is READ ONLY: a
statement that would write anything else is refused by PostgreSQL itself. However it ends, nothing is left of it.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.received import Received
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.prefetch import ahead
from shared.messaging.replay.rows import EventRows, copy_in, make_tables
from shared.messaging.replay.source import EventBatch, Source
from shared.ops.terminal import OnProgress
from shared.store.engine import Store
from shared.store.projection import ProjectedTable, Projection, rows_of

_BUFFERS = "256MB"
"""What a session may keep of its temporary tables in memory; a district's year of records fits."""
_WORK = "64MB"
"""What a sort or a hash may take: the inbox of a district's year fits."""
_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('replay', 0))")
# The first statement takes the snapshot: before any log is read, so that what has been applied by then is in the logs.
_TAKE_SNAPSHOT = text("SELECT pg_current_snapshot()")
# By the inbox's key, event by event: as NOT EXISTS it becomes a join, for which all of the inbox is read.
_NOT_APPLIED = text("""
    SELECT id FROM unnest(CAST(:ids AS uuid[])) AS id
    WHERE (SELECT true FROM public.inbox WHERE consumer = :consumer AND event_id = id) IS NULL
""")
_DROP_NOT_APPLIED = """
    DELETE FROM pg_temp.{table} event
    WHERE (SELECT true FROM public.inbox WHERE consumer = :consumer AND inbox.event_id = event.event_id) IS NULL
    RETURNING district, position, event_id
"""
_LEFT = "SELECT count(*) AS events, coalesce(max(position), 0) AS position FROM pg_temp.{table}"
_KEY = text("""
    SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
    WHERE i.indrelid = CAST(:table AS regclass) AND i.indisprimary ORDER BY array_position(i.indkey, a.attnum)
""")
_COLUMNS = text("""
    SELECT attname FROM pg_attribute
    WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
""")

_TYPES = text("""
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped
""")
_UNLOCK = text("SELECT pg_advisory_unlock_all()")


class BusyError(Exception):
    """Another replay of this service is running."""


class Left(NamedTuple):
    """An event that is in its producer's log and that the live projection has not applied."""

    district: str
    position: int
    event_id: UUID


@dataclass
class Rebuild:
    """One projection being filled in ``tx``, whose search path leads to the shadow."""

    tx: AsyncConnection
    rebuilt: Rebuildable
    consumer: str
    applied: int = 0
    position: int = 0
    """The event-log position of the last event applied."""
    open: dict[str, list[Left]] = field(default_factory=lambda: defaultdict(list))
    """The events that the live projection has not applied, by producer."""
    _seen: set[UUID] = field(default_factory=set)

    async def run(self, source: Source, advance: OnProgress = lambda _: None) -> None:
        """Apply what the live projection has applied. ``advance`` is told how many events each batch was."""
        async for rows in ahead(source.in_bulk()):
            await self._apply_in_bulk(rows)
            advance(rows.size)
        async for batch in ahead(source.batches()):
            await self._apply(batch, await self._fresh(batch, repeats=source.repeats))
            advance(batch.size)

    async def _apply_in_bulk(self, rows: EventRows) -> None:
        table = rows_of(rows.event)
        await copy_in(self.tx, rows)
        if not self.rebuilt.own_log:
            dropped = await self.tx.execute(text(_DROP_NOT_APPLIED.format(table=table)), {"consumer": self.consumer})
            self.open[rows.event.publisher()] += [Left(*row) for row in dropped]
        left = (await self.tx.execute(text(_LEFT.format(table=table)))).one()
        await self.rebuilt.projection.in_bulk[rows.event](self.tx)
        await self.tx.exec_driver_sql(f"DELETE FROM pg_temp.{table}")
        self.applied += left.events
        self.position = max(self.position, left.position)

    async def _apply(self, batch: EventBatch, events: Sequence[Received[Any]]) -> None:
        if events:
            await self.rebuilt.projection.project(self.tx, events)
        for records in batch.states.values():
            if latest := {record.key: record for record in records}:
                await self.rebuilt.projection.project(self.tx, list(latest.values()))
        self.applied += len(events) + sum(map(len, batch.states.values()))
        self.position = max(self.position, batch.position)

    async def _fresh(self, batch: EventBatch, *, repeats: bool) -> Sequence[Received[Any]]:
        """Return those of a batch's events that the live consumer has applied, each once; note which it has not."""
        events = batch.events
        if self.rebuilt.own_log or not events:
            return events
        skipped = await not_applied(self.tx, self.consumer, [event.attributes.id for event in events])
        if not (skipped or repeats):
            return events
        for event, position in zip(events, batch.positions, strict=False):  # what comes by a topic has none
            if event.attributes.id in skipped:
                left = Left(event.attributes.district, position, event.attributes.id)
                self.open[event.data.publisher()].append(left)
        fresh = []
        for event in events:
            if event.attributes.id not in skipped and event.attributes.id not in self._seen:
                fresh.append(event)
                if repeats:
                    self._seen.add(event.attributes.id)
        return fresh


async def not_applied(tx: AsyncConnection, consumer: str, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of some events that the live projections have not applied."""
    return set((await tx.scalars(_NOT_APPLIED, {"ids": ids, "consumer": consumer})).all())


@asynccontextmanager
async def shadow(store: Store, projection: Projection) -> AsyncIterator[AsyncConnection]:
    """Make empty shadow tables and open the snapshot in which to fill them and compare. Raises BusyError."""
    async with shadows(store, [projection]) as session, snapshot(session):
        yield session


@asynccontextmanager
async def shadows(store: Store, projections: Sequence[Projection]) -> AsyncIterator[AsyncConnection]:
    """Give a session with the empty shadow tables of some projections. Raises BusyError."""
    async with store.engine.connect() as session:
        await lock(session)
        await give_room(session)
        for projection in projections:
            for table in projection.tables:
                await _make_temporary(session, table)
        await make_tables(session, {event for projection in projections for event in projection.in_bulk})
        await session.exec_driver_sql("SET search_path = pg_temp, public")
        await session.commit()
        try:
            yield session
            await session.execute(_UNLOCK)  # whoever asks next need not wait for the server to see that we are gone
        finally:
            await session.invalidate()  # the tables, the lock and the settings go with the session


@asynccontextmanager
async def snapshot(session: AsyncConnection) -> AsyncIterator[None]:
    """Open the snapshot in which shadows are filled and compared; nothing but they can be written in it."""
    await session.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await session.execute(_TAKE_SNAPSHOT)
    yield
    await session.commit()


async def lock(session: AsyncConnection) -> None:
    """Become the one replay of this service, for as long as the session lasts. Raises BusyError."""
    if not await session.scalar(_LOCK):
        raise BusyError("another replay of this service is running")
    await session.commit()


async def give_room(session: AsyncConnection) -> None:
    """Let a session work in memory; before it makes a temporary table."""
    await session.exec_driver_sql(f"SET temp_buffers = '{_BUFFERS}'")
    await session.exec_driver_sql(f"SET work_mem = '{_WORK}'")


async def key_of(tx: AsyncConnection, table: str) -> list[str]:
    """Return the columns of a live table's primary key, in order."""
    return list(await tx.scalars(_KEY, {"table": f"public.{table}"}))


async def columns_of(tx: AsyncConnection, table: ProjectedTable) -> list[str]:
    """Return the columns of a live table that follow from events."""
    return list(table.columns) or list(await tx.scalars(_COLUMNS, {"table": f"public.{table.name}"}))


async def types_of(tx: AsyncConnection, table: str) -> dict[str, str]:
    """Return the type of each column of a live table."""
    return {row[0]: row[1] for row in await tx.execute(_TYPES, {"table": f"public.{table}"})}


async def _make_temporary(session: AsyncConnection, table: ProjectedTable) -> None:
    """Make a table's shadow with its key and checks. What does not follow from events may be absent in it."""
    await session.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {table.name} (LIKE public.{table.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
    )
    key = await key_of(session, table.name)
    await session.exec_driver_sql(f"ALTER TABLE pg_temp.{table.name} ADD PRIMARY KEY ({', '.join(key)})")
    of_events = {*key, *await columns_of(session, table)}
    for column in await session.scalars(_COLUMNS, {"table": f"public.{table.name}"}):
        if column not in of_events:
            await session.exec_driver_sql(f"ALTER TABLE pg_temp.{table.name} ALTER {column} DROP NOT NULL")
