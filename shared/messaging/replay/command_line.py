"""``linbang <service> replay`` and ``compare``: projections made again from events, and held against the live ones.

Invariant: the exit code tells a script what happened. 0: equal (or done); 1: the live projection differs from its
replay, or events were lost on their way (``compare`` counts them); 2: it could not be found out, and why is printed.
Neither command can send or announce anything.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from aiokafka.errors import KafkaError
from asyncpg import InterfaceError, PostgresError
from rich.table import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import UndecodableEventError
from shared.contracts.received import BrokenInvariantError
from shared.messaging.missing_events import MissingEvents, count_missing
from shared.messaging.reactions import Reactions, Rebuildable
from shared.messaging.replay import swap
from shared.messaging.replay.by_district import Found, compare_by_district
from shared.messaging.replay.rebuild import BusyError
from shared.messaging.replay.request import (
    From,
    ReplayRequest,
    ReplayResult,
    keep_result,
    replay_once,
    source_of,
)
from shared.messaging.replay.source import Source
from shared.messaging.replay.topic_records import RetentionCutError
from shared.ops import terminal
from shared.ops.garbage import collect_rarely
from shared.ops.operator import By
from shared.store.engine import Store

DIFFERENT, FAILED = 1, 2
_BROKEN = (BrokenInvariantError, UndecodableEventError)
_AWAY = (PostgresError, InterfaceError, KafkaError, OSError)
DistrictOption = Annotated[str | None, typer.Option(help="of this district alone (GB/T 2260 code)")]


Result = TypeVar("Result")


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

    @app.command(
        "compare",
        help="Hold every projection against its replay, count missing events and keep the results, as every night.",
    )
    def compare_all(
        *,
        district: DistrictOption = None,
        full: Annotated[
            bool, typer.Option("--full", help="replay everything; else of most districts what has changed")
        ] = False,
    ) -> None:
        of_logs = [rebuilt for rebuilt in projections.values() if not rebuilt.states]
        codes = [_compare_by_district(service, of_logs, district, full=full)]
        for rebuilt in projections.values():
            if not rebuilt.states:
                continue
            if district:
                terminal.console().print(f"{service} {rebuilt.projection.name}: of all districts alone", markup=False)
                continue
            request = _request(service, rebuilt, None, None, None)
            try:
                result = _run(_replay(request, keep=True))
            except typer.Exit as failed:  # the others are compared all the same
                codes.append(failed.exit_code)
                continue
            _show(request, result)
            codes.append(DIFFERENT if result.differing else 0)
        if reactions.events:
            codes.append(_count_missing(reactions, district))
        if worst := max(codes):
            raise typer.Exit(worst)


def _compare_by_district(service: str, rebuilt: Sequence[Rebuildable], district: str | None, *, full: bool) -> int:
    """Compare what follows from event logs; return the exit code of it."""
    try:
        found = _run(_by_district(service, rebuilt, district, full=full))
    except typer.Exit as failed:
        return failed.exit_code
    codes = [0]
    for one in found:
        name = one.rebuilt.projection.name
        if one.fault:
            terminal.console().print(f"{service} {name}: {_reason(one.fault)}", markup=False)
            codes.append(FAILED)
            continue
        source = From.EVENT_LOG
        _show(
            ReplayRequest(service, one.rebuilt, source, None, district),
            ReplayResult(one.applied, one.position, list(one.tables.values())),
        )
        terminal.console().print(f"{service} {name}: {_how(one)}", markup=False)
        codes.append(DIFFERENT if one.differing else 0)
    return max(codes)


async def _by_district(
    service: str, rebuilt: Sequence[Rebuildable], district: str | None, *, full: bool
) -> Sequence[Found]:
    url_of = partial(terminal.database_url, role="worker")
    async with Store(url_of(service), pool_size=2) as store:
        with terminal.progress(f"{service} rows") as (_, advance):
            found = await compare_by_district(store, service, rebuilt, url_of, advance, district=district, full=full)
        for one in found:
            if not one.fault:
                result = ReplayResult(one.applied, one.position, list(one.tables.values()))
                await keep_result(store, one.rebuilt.projection.name, result, district)
    return found


def _how(found: Found) -> str:
    """Say how each district was found to be as it is."""
    since = f", all since {terminal.moment(found.oldest)}" if found.oldest else ""
    return f"{found.replayed} districts replayed in full{since}; {found.sealed} by what has changed since the last time"


def _count_missing(reactions: Reactions, district: str | None) -> int:
    """Count the events that were lost on their way, and say so; return the exit code of it."""
    try:
        counted = _run(_missing(reactions, district))
    except typer.Exit as failed:
        return failed.exit_code
    missing = {one.event.rpartition(".")[2]: one.missing for one in counted if one.missing}
    found = ", ".join(f"{number:,} {event}" for event, number in missing.items()) or "none"
    logged = sum(one.logged for one in counted)
    terminal.console().print(f"{reactions.service}: missing events: {found} (of {logged:,})", markup=False)
    return DIFFERENT if missing else 0


async def _missing(reactions: Reactions, district: str | None) -> Sequence[MissingEvents]:
    url_of = partial(terminal.database_url, role="worker")
    async with Store(url_of(reactions.service), pool_size=1) as store:
        with terminal.progress(f"{reactions.service} events") as (_, advance):
            return await count_missing(store, reactions, url_of, district, advance)


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


async def _replay(request: ReplayRequest, *, keep: bool = False) -> ReplayResult:
    with terminal.progress(f"{request.service} {request.name}") as (begin, advance):
        return await replay_once(request, begin, advance, keep=keep)


async def _swap(request: ReplayRequest, by: str, reason: str | None) -> ReplayResult:
    asked = swap.Swap(request.service, request.rebuilt, request.source.value, by, reason)

    async def source(tx: AsyncConnection, ids: Sequence[UUID] | None) -> Source:
        return await source_of(request, tx, ids)

    async with Store(terminal.database_url(request.service, "owner"), pool_size=1) as store:
        with terminal.progress(f"{request.service} {request.name}") as (begin, advance):
            swapped = await swap.replace(store, asked, source, begin, advance)
    return ReplayResult(swapped.filling.applied, swapped.filling.position, swapped.replaced)


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Do it, or say why it cannot be done. Ctrl-C ends it at any moment; nothing is left of it."""
    collect_rarely()
    try:
        return asyncio.run(work)
    except (BusyError, RetentionCutError, *_BROKEN, DBAPIError, *_AWAY) as fault:
        reason = _reason(fault)
    terminal.console().print(reason, markup=False)
    raise typer.Exit(FAILED)


def _reason(fault: Exception) -> str:
    if isinstance(fault, _BROKEN):
        return f"an event that the live projection has applied cannot be applied again: {fault}"
    if isinstance(fault, DBAPIError):
        return f"the database refused: {type(getattr(fault.orig, '__cause__', None) or fault.orig).__name__}"
    if isinstance(fault, _AWAY):
        return f"a server is away or refused: {type(fault).__name__}"
    return str(fault)


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
