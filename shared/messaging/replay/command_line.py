"""``linbang <service> replay`` and ``compare``: projections made again from events, and held against the live ones.

Invariant: the exit code tells a script what happened. 0: equal (or done); 1: the live projection differs from its
replay; 2: it could not be found out, and why is printed. Neither command can send or announce anything.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from aiokafka.errors import KafkaError
from asyncpg import InterfaceError, PostgresError
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import UndecodableEventError
from shared.contracts.received import BrokenInvariantError
from shared.messaging.positions import positions_of
from shared.messaging.reactions import Reactions, Rebuildable
from shared.messaging.replay import swap
from shared.messaging.replay.comparison import TableComparison, compare
from shared.messaging.replay.event_logs import EventLogs
from shared.messaging.replay.rebuild import BusyError, Rebuild, shadow
from shared.messaging.replay.source import Scope, Source
from shared.messaging.replay.topic_records import RetentionCutError, TopicRecords
from shared.ops import terminal
from shared.ops.garbage import collect_rarely
from shared.ops.operator import By
from shared.ops.terminal import OnProgress
from shared.store.engine import Store

DIFFERENT, FAILED = 1, 2
_KEEP = text("""
    INSERT INTO projection_comparison (projection, rows, differences, position, district)
    VALUES (:projection, :rows, :differences, :position, :district)
""")
_EXPORT = text("SELECT pg_export_snapshot()")
DistrictOption = Annotated[str | None, typer.Option(help="of this district alone (GB/T 2260 code)")]


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


def add_commands(app: typer.Typer, reactions: Reactions) -> None:
    """Add ``replay`` and ``compare`` to a service's command line."""
    service, projections = reactions.service, reactions.projections
    names = ", ".join(projections)

    @app.command(help=f"Make a projection again from events and hold it against the live one: {names}.")
    def replay(
        *,
        name: Annotated[str, typer.Argument(metavar="PROJECTION", help=names)],
        source: Annotated[From | None, typer.Option("--from", help="the producers' event logs, or the topics")] = None,
        until: Annotated[
            datetime | None,
            typer.Option(help="events before this moment (UTC unless it has an offset); compares nothing"),
        ] = None,
        district: DistrictOption = None,
        replace: Annotated[
            bool, typer.Option("--swap", help="put the rebuilt projection in the live one's place")
        ] = False,
        reason: Annotated[str | None, typer.Option(help="why it is swapped, for the event that tells of it")] = None,
        by: By,
    ) -> None:
        if name not in projections:
            raise typer.BadParameter(f"{service} has {names}", param_hint="PROJECTION")
        request = _request(service, projections[name], source, until, district)
        if replace:
            _refuse_swap(request)
            _show(request, _run(_swap(request, by, reason)))
            terminal.console().print("the rebuilt tables are in place")
            return
        result = _run(_replay(request))
        _show(request, result)
        if result.differing and until is None:
            raise typer.Exit(DIFFERENT)

    @app.command("compare", help="Hold every projection against its replay and keep the result, as every night.")
    def compare_all(district: DistrictOption = None) -> None:
        codes = [0]
        for rebuilt in projections.values():
            request = _request(service, rebuilt, None, None, district)
            try:
                result = _run(_replay(request, keep=True))
            except typer.Exit as failed:  # the others are compared all the same
                codes.append(failed.exit_code)
                continue
            _show(request, result)
            codes.append(DIFFERENT if result.differing else 0)
        if worst := max(codes):
            raise typer.Exit(worst)


def _request(
    service: str, rebuilt: Rebuildable, source: From | None, until: datetime | None, district: str | None
) -> ReplayRequest:
    name = rebuilt.projection.name
    if source is None:
        source = From.KAFKA if rebuilt.states else From.EVENT_LOG
    if rebuilt.states and (source is From.EVENT_LOG or until or district):
        raise typer.BadParameter(
            f"{name} follows from a compacted topic: all of it, from Kafka alone", param_hint="--from"
        )
    if rebuilt.own_log and source is From.KAFKA:
        raise typer.BadParameter(f"{name} follows from {service}'s own event log", param_hint="--from")
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return ReplayRequest(service, rebuilt, source, until, district)


def _refuse_swap(request: ReplayRequest) -> None:
    if reason := request.rebuilt.projection.compare_only:
        raise typer.BadParameter(f"not of {request.name}: {reason}", param_hint="--swap")
    if request.until or request.district:
        raise typer.BadParameter(
            "only a whole projection can be swapped: no --until, no --district", param_hint="--swap"
        )
    if request.source is From.KAFKA and not request.rebuilt.states:
        raise typer.BadParameter("topics are transport; the event log is what is swapped in", param_hint="--from")


async def replay_once(
    request: ReplayRequest, begin: OnProgress, advance: OnProgress, *, keep: bool = False
) -> ReplayResult:
    """Rebuild a projection and compare it; ``keep`` the result for the metric. ``begin`` is told how many there are.

    Raises BusyError, RetentionCutError, BrokenInvariantError and UndecodableEventError.
    """
    store = Store(terminal.database_url(request.service, "worker"), pool_size=2)
    try:
        async with shadow(store, request.rebuilt.projection) as tx:
            source = await source_of(request, tx)
            begin(await source.count())
            rebuild = Rebuild(tx, request.rebuilt, request.service)
            await rebuild.run(source, advance)
            tables = await compare(tx, request.rebuilt.projection, "pg_temp", request.district)
        result = ReplayResult(rebuild.applied, rebuild.position, tables)
        if keep:
            await _keep(store, request, result)
        return result
    finally:
        await store.close()


async def source_of(request: ReplayRequest, tx: AsyncConnection, ids: Sequence[UUID] | None = None) -> Source:
    """Return where a replay's events are to be read, all or those with ``ids``, given the snapshot to agree with."""
    scope = Scope(request.until, request.district, ids)
    if request.source is From.KAFKA:
        ends = await positions_of(tx, request.service)
        return TopicRecords(terminal.kafka_servers(), terminal.topic_prefix(), request.rebuilt, scope, ends)
    snapshot = await tx.scalar(_EXPORT) if request.rebuilt.own_log else None
    return EventLogs(lambda service: terminal.database_url(service, "worker"), request.rebuilt, scope, snapshot)


async def _keep(store: Store, request: ReplayRequest, result: ReplayResult) -> None:
    async with store.transaction() as tx:
        await tx.execute(
            _KEEP,
            {
                "projection": request.name,
                "rows": sum(table.rebuilt for table in result.tables),
                "differences": result.differing,
                "position": result.position or result.applied,
                "district": request.district,
            },
        )


async def _replay(request: ReplayRequest, *, keep: bool = False) -> ReplayResult:
    with terminal.progress(f"{request.service} {request.name}") as (begin, advance):
        return await replay_once(request, begin, advance, keep=keep)


async def _swap(request: ReplayRequest, by: str, reason: str | None) -> ReplayResult:
    store = Store(terminal.database_url(request.service, "owner"), pool_size=1)
    asked = swap.Swap(request.service, request.rebuilt, request.source.value, by, reason)

    async def source(tx: AsyncConnection, ids: Sequence[UUID] | None) -> Source:
        return await source_of(request, tx, ids)

    try:
        with terminal.progress(f"{request.service} {request.name}") as (begin, advance):
            swapped = await swap.replace(store, asked, source, begin, advance)
    finally:
        await store.close()
    return ReplayResult(swapped.filling.applied, swapped.filling.position, swapped.replaced)


def _run(work: Coroutine[Any, Any, ReplayResult]) -> ReplayResult:
    """Do it, or say why it cannot be done. Ctrl-C ends it at any moment; nothing is left of it."""
    collect_rarely()
    try:
        return asyncio.run(work)
    except (BusyError, RetentionCutError) as fault:
        reason = str(fault)
    except (BrokenInvariantError, UndecodableEventError) as fault:
        reason = f"an event that the live projection has applied cannot be applied again: {fault}"
    except DBAPIError as fault:
        reason = f"the database refused: {type(getattr(fault.orig, '__cause__', None) or fault.orig).__name__}"
    except (PostgresError, InterfaceError, KafkaError, OSError) as fault:
        reason = f"a server is away or refused: {type(fault).__name__}"
    terminal.console().print(reason, markup=False)
    raise typer.Exit(FAILED)


def _show(request: ReplayRequest, result: ReplayResult) -> None:
    """Print each table with its rows and differences, then the first differences."""
    table = Table("table", "rebuilt", *(() if request.until else ("live", "differing")))
    for compared in result.tables:
        against_live = () if request.until else (f"{compared.live:,}", f"{compared.differing:,}")
        table.add_row(compared.table, f"{compared.rebuilt:,}", *against_live)
    console = terminal.console()
    console.print(table)
    if request.until:
        return
    for compared in result.tables:
        for one in compared.first:
            console.print(
                f"{compared.table} {one.key}: {one.column} is {one.live}, events say {one.rebuilt}", markup=False
            )
    word = f"rows that differ: {result.differing:,}" if result.differing else "equal"
    console.print(f"{request.service} {request.name}: {word} ({result.applied:,} events)", markup=False)
