"""``linbang <service> work``: see what is to be done later, have it done now, or cancel it.

Invariant: nothing is settled but by ``settlement``, which logs it as an event in the same transaction. The exit code
tells a script what happened. 0: all that was asked for is done; 1: something could not be (an unknown or settled id, a
database that is away); 2: the command line is wrong.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.ops import terminal
from shared.ops.operator import By
from shared.store.engine import Store
from shared.work import settlement
from shared.work.kind import Ending
from shared.work.settlement import Selection

_LIST = text("""
    SELECT id, district, kind, state, claimed_at, due_at, attempts, last_error, count(*) OVER () AS total FROM work
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND (CAST(:district AS text) IS NULL OR district = :district)
      AND (CAST(:error AS text) IS NULL OR last_error = :error)
    ORDER BY due_at, id LIMIT :rows
""")
_ONE = text("""
    SELECT id, district, kind, state, lane, payload, created_at, due_at, attempts, last_error, given_up_at, claimed_at
    FROM work WHERE id = :id
""")

Kind = Annotated[str | None, typer.Option(help="only of this kind, e.g. import")]
OfError = Annotated[str | None, typer.Option("--error", help="only with this code, e.g. interrupted")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]


class State(StrEnum):
    """Which items to list."""

    OPEN = "open"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"
    ALL = "all"


@dataclass(frozen=True)
class Desk:
    """One service's work, and what its kinds note where an item is cancelled."""

    service: str
    endings: Mapping[str, Ending]

    def run(self, act: Callable[[AsyncConnection], Awaitable[bool]]) -> None:
        """Do something in one transaction of the worker. Raises typer.Exit with 1 where it could not be done."""
        try:
            done = asyncio.run(self._in_transaction(act))
        except (DBAPIError, OSError) as fault:
            cause = type(fault.orig if isinstance(fault, DBAPIError) else fault).__name__
            terminal.console().print(f"The database could not do it ({cause}); everything is as it was.")
            done = False
        if not done:
            raise typer.Exit(1)

    async def _in_transaction(self, act: Callable[[AsyncConnection], Awaitable[bool]]) -> bool:
        url = terminal.database_url(self.service, "worker")
        async with Store(url, pool_size=1) as store, store.transaction() as tx:
            return await act(tx)


def command_line(service: str, endings: Mapping[str, Ending]) -> typer.Typer:
    """Return the commands for one service, to be mounted as ``work``."""
    app = typer.Typer(help="Work that is to be done later: see, retry or cancel it.", no_args_is_help=True)

    @app.callback()
    def work(context: typer.Context) -> None:
        context.obj = Desk(service, endings)

    app.command("list")(list_)
    app.command()(show)
    app.command()(retry)
    app.command()(cancel)
    return app


def list_(
    context: typer.Context,
    state: Annotated[State, typer.Option(help="which")] = State.ALL,
    kind: Kind = None,
    error: OfError = None,
    district: Annotated[str | None, typer.Option(help="only of this district (GB/T 2260)")] = None,
    rows: Annotated[int, typer.Option(min=1, help="how many at most")] = 50,
) -> None:
    """List work, what is due first at the top."""
    desk: Desk = context.obj
    wanted = {
        "state": None if state is State.ALL else state.value,
        "kind": kind,
        "error": error,
        "district": district,
        "rows": rows,
    }

    async def act(tx: AsyncConnection) -> bool:
        items = (await tx.execute(_LIST, wanted)).all()
        word = "" if state is State.ALL else f" {state.value}"
        if not items:
            terminal.console().print(f"{desk.service}: no{word} work")
            return True
        terminal.console().print(_overview(items))
        terminal.console().print(f"{len(items)} of {items[0].total:,}{word} items of {desk.service}")
        return True

    desk.run(act)


def show(context: typer.Context, work_id: Annotated[UUID, typer.Argument(metavar="ID")]) -> None:
    """Show one item: what is to be done, when, how often it was tried and why it failed."""
    desk: Desk = context.obj

    async def act(tx: AsyncConnection) -> bool:
        row = await _one(tx, desk, work_id)
        if row is not None:
            terminal.console().print(_page(row))
        return row is not None

    desk.run(act)


def retry(
    context: typer.Context,
    *,
    work_ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID")] = None,
    everything: Annotated[bool, typer.Option("--all", help="everything that was given up")] = False,
    kind: Kind = None,
    error: OfError = None,
    yes: Yes = False,
    by: By,
) -> None:
    """Have work done now that was given up, its attempts counted from the start; by id also what waits to be tried."""
    desk: Desk = context.obj
    selection = Selection(work_ids or None, kind, error)
    if [bool(work_ids), everything, (kind, error) != (None, None)].count(True) != 1:
        raise typer.BadParameter("give ids, or --all, or some of --kind and --error")

    async def act(tx: AsyncConnection) -> bool:
        if not (work_ids or yes):
            count = await settlement.count_given_up(tx, selection)
            if not count:
                terminal.console().print("nothing of the kind was given up")
                return True
            typer.confirm(f"Retry {count:,} items?", abort=True)
        retried = await settlement.retry(tx, desk.service, selection, by)
        terminal.console().print(f"{len(retried):,} to be done now")
        return all([await _is_among(tx, desk, work_id, retried) for work_id in work_ids or ()])

    desk.run(act)


def cancel(
    context: typer.Context,
    *,
    work_ids: Annotated[list[UUID], typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="why it is never to be done; no name or number of a person")],
    yes: Yes = False,
    by: By,
) -> None:
    """Cancel work for good, also while it is being done: what is not committed by then is rolled back."""
    desk: Desk = context.obj
    if not reason.strip():
        raise typer.BadParameter("a reason is needed", param_hint="--reason")
    if len(work_ids) > 1 and not yes:
        typer.confirm(f"Cancel {len(work_ids):,} items for good?", abort=True)

    async def act(tx: AsyncConnection) -> bool:
        cancelled = await settlement.cancel(tx, desk.service, desk.endings, work_ids, reason.strip(), by)
        for work_id in cancelled:
            terminal.console().print(f"{work_id} is cancelled")
        return all([await _is_among(tx, desk, work_id, cancelled) for work_id in work_ids])

    desk.run(act)


async def _is_among(tx: AsyncConnection, desk: Desk, work_id: UUID, settled: Sequence[UUID]) -> bool:
    """Return whether an item is one of those; where it is not, say why."""
    if work_id in settled:
        return True
    row = await _one(tx, desk, work_id)
    if row is not None:
        terminal.console().print(f"{work_id} is {_state(row)}")
    return False


async def _one(tx: AsyncConnection, desk: Desk, work_id: UUID) -> Row[Any] | None:
    """Return an item; where there is none of that id, say so."""
    row = (await tx.execute(_ONE, {"id": work_id})).one_or_none()
    if row is None:
        terminal.console().print(f"{work_id}: {desk.service} has no such work; it is done, or never was")
    return row


def _overview(items: Sequence[Row[Any]]) -> Table:
    table = terminal.listing("id", "state", "kind", "district", "due", "attempts", "last error")
    for row in items:
        table.add_row(
            str(row.id),
            _state(row),
            row.kind,
            row.district,
            terminal.moment(row.due_at),
            str(row.attempts),
            Text(row.last_error or "–"),
        )
    return table


def _page(row: Row[Any]) -> Table:
    return terminal.facts(
        (
            ("id", str(row.id)),
            ("state", _state(row)),
            ("kind", row.kind),
            ("district", row.district),
            ("lane", row.lane or "–"),
            ("payload", json.dumps(row.payload, ensure_ascii=False)),
            ("created at", terminal.moment(row.created_at)),
            ("due at", terminal.moment(row.due_at)),
            ("attempts", str(row.attempts)),
            ("last error", row.last_error or "–"),
            ("given up at", terminal.moment(row.given_up_at)),
            ("claimed at", terminal.moment(row.claimed_at)),
        )
    )


def _state(row: Row[Any]) -> str:
    return "running" if row.claimed_at else str(row.state)
