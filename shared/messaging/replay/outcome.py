"""How the commands of replay end, and what they print.

Invariant: the exit code tells a script what happened. 0: equal (or done); 1: the live projection differs from its
replay, or events were lost on their way (``compare`` counts them); 2: it could not be found out, and why is printed.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from aiokafka.errors import KafkaError
from asyncpg import InterfaceError, PostgresError
from rich.table import Table
from sqlalchemy.exc import DBAPIError

from shared.contracts.envelope import UndecodableEventError
from shared.contracts.received import BrokenInvariantError
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.rebuild import BusyError
from shared.messaging.replay.request import From, ReplayRequest, ReplayResult, replay_once
from shared.messaging.replay.topic_records import RetentionCutError
from shared.ops import terminal
from shared.ops.garbage import collect_rarely

DIFFERENT, FAILED = 1, 2
DistrictOption = Annotated[str | None, typer.Option(help="of this district alone (GB/T 2260 code)")]
_BROKEN = (BrokenInvariantError, UndecodableEventError)
_AWAY = (PostgresError, InterfaceError, KafkaError, OSError)

Result = TypeVar("Result")


def request_of(
    service: str, rebuilt: Rebuildable, source: From | None, until: datetime | None, district: str | None
) -> ReplayRequest:
    """Return the request for one replay. Raises typer.BadParameter for what its events cannot give."""
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


async def do_replay(request: ReplayRequest, *, keep: bool = False) -> ReplayResult:
    """Replay once, with a bar that shows how far it is."""
    with terminal.progress(f"{request.service} {request.name}") as (begin, advance):
        return await replay_once(request, begin, advance, keep=keep)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Do it, or say why it cannot be done. Ctrl-C ends it at any moment; nothing is left of it."""
    collect_rarely()
    try:
        return asyncio.run(work)
    except (BusyError, RetentionCutError, *_BROKEN, DBAPIError, *_AWAY) as fault:
        reason = reason_of(fault)
    terminal.console().print(reason, markup=False)
    raise typer.Exit(FAILED)


def reason_of(fault: Exception) -> str:
    """Say why it could not be found out."""
    if isinstance(fault, _BROKEN):
        return f"an event that the live projection has applied cannot be applied again: {fault}"
    if isinstance(fault, DBAPIError):
        return f"the database refused: {type(getattr(fault.orig, '__cause__', None) or fault.orig).__name__}"
    if isinstance(fault, _AWAY):
        return f"a server is away or refused: {type(fault).__name__}"
    return str(fault)


def show(request: ReplayRequest, result: ReplayResult) -> None:
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
