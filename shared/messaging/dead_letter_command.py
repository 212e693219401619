"""``linbang <service> dead-letters``: see what is parked, apply it again, or give it up.

Invariant: nothing is settled but by ``dead_letter_settlement``, which logs it as an event in the same transaction. The
exit code tells a script what happened. 0: all that was asked for is done; 1: something could not be (an unknown or
settled id, a record that failed once more, a database that is away); 2: the command line is wrong.
"""

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import track
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError

from shared.messaging import dead_letter_settlement as settlement
from shared.messaging.batch import Processing
from shared.messaging.dead_letter_page import overview, page, readable
from shared.messaging.reactions import Reactions
from shared.ops.operator import By
from shared.store.engine import Store

_WIDTH_OF_A_FILE = 200

_LIST = text("""
    SELECT id, topic, partition, "offset", key, reason, state, parked_at, count(*) OVER () AS total
    FROM dead_letter
    WHERE consumer = :consumer
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:topic AS text) IS NULL OR topic = :topic)
      AND (CAST(:key AS bytea) IS NULL OR key = :key)
      AND (CAST(:reason AS text) IS NULL OR reason = :reason)
    ORDER BY parked_at DESC, topic, partition, "offset" DESC LIMIT :rows
""")
_ONE = text("SELECT * FROM dead_letter WHERE consumer = :consumer AND id = :id")
_NEIGHBOURS = text("""
    SELECT count(*) FILTER (WHERE "offset" < :offset), count(*) FILTER (WHERE "offset" > :offset)
    FROM dead_letter
    WHERE consumer = :consumer AND state = 'parked' AND topic = :topic AND partition = :partition AND key = :key
""")

Topic = Annotated[str | None, typer.Option(help="only of this topic, e.g. activities.service-record")]
Key = Annotated[str | None, typer.Option(help="only of this key: as a rule the id of what the events are about")]
OfReason = Annotated[str | None, typer.Option("--reason", help="only parked for this reason, e.g. undecodable")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]


class State(StrEnum):
    """Which records to list."""

    PARKED = "parked"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"
    ALL = "all"


@dataclass(frozen=True)
class Desk:
    """One service's dead letters, and the reactions that they were meant for."""

    reactions: Reactions

    @property
    def service(self) -> str:
        """The service that parked them."""
        return self.reactions.service

    @property
    def prefix(self) -> str:
        """The prefix of every topic's name."""
        return os.environ.get("TOPIC_PREFIX", "")

    def selection(self, topic: str | None, key: str | None, reason: str | None) -> settlement.Selection:
        """Return what was typed as a selection; a key is text, or hex as it is shown where it is no text."""
        return settlement.Selection(
            topic=None if topic is None else self.prefix + topic,
            key=None if key is None else _key_bytes(key),
            reason=reason,
        )

    def processing(self) -> Processing:
        """Return what applies records, as in the service's consumer."""
        return Processing(self.reactions, self.prefix)

    def run(self, work: Callable[[Store], Awaitable[bool]]) -> None:
        """Do ``work`` on the service's database. Raises typer.Exit with 1 where it could not be done."""
        try:
            done = asyncio.run(self._with_store(work))
        except (DBAPIError, OSError, settlement.PositionUnknownError) as fault:
            name = type(fault.orig if isinstance(fault, DBAPIError) else fault).__name__
            _console().print(f"The database could not do it ({name}); what is not reported above is as it was.")
            done = False
        if not done:
            raise typer.Exit(1)

    async def _with_store(self, work: Callable[[Store], Awaitable[bool]]) -> bool:
        async with self._store() as store:
            return await work(store)

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[Store]:
        name = f"{self.service}_WORKER_DATABASE_URL".upper()
        if name not in os.environ:
            raise typer.BadParameter(f"{name} is not set, and no local system is here", param_hint="environment")
        store = Store(os.environ[name], pool_size=1)
        try:
            yield store
        finally:
            await store.close()


def command_line(reactions: Reactions) -> typer.Typer:
    """Return the commands for one service, to be mounted as ``dead-letters``."""
    app = typer.Typer(help="Records that could not be applied: see, redrive or discard them.", no_args_is_help=True)

    @app.callback()
    def dead_letters(context: typer.Context) -> None:
        context.obj = Desk(reactions)

    app.command("list")(list_)
    app.command()(show)
    app.command()(redrive)
    app.command()(discard)
    return app


def list_(
    context: typer.Context,
    state: Annotated[State, typer.Option(help="which")] = State.PARKED,
    topic: Topic = None,
    key: Key = None,
    reason: OfReason = None,
    rows: Annotated[int, typer.Option(min=1, help="how many at most")] = 50,
) -> None:
    """List parked records, newest first."""
    desk: Desk = context.obj
    wanted = {
        "consumer": desk.service,
        "state": None if state is State.ALL else state.value,
        "rows": rows,
        **desk.selection(topic, key, reason)._asdict(),
    }

    async def work(store: Store) -> bool:
        async with store.transaction() as tx:
            letters = (await tx.execute(_LIST, wanted)).all()
        word = "" if state is State.ALL else f" {state.value}"
        if not letters:
            _console().print(f"{desk.service}: no{word} dead letters")
            return True
        _console().print(overview(letters, desk.prefix))
        _console().print(f"{len(letters)} of {letters[0].total:,}{word} dead letters of {desk.service}")
        return True

    desk.run(work)


def show(context: typer.Context, letter_id: Annotated[UUID, typer.Argument(metavar="ID")]) -> None:
    """Show one record: where it was, why it is parked, its headers and its bytes."""
    desk: Desk = context.obj

    async def work(store: Store) -> bool:
        row = await _one(store, desk, letter_id)
        if row is None:
            return False
        place = {"consumer": row.consumer, "topic": row.topic, "partition": row.partition, "key": row.key}
        async with store.transaction() as tx:
            ahead, behind = (await tx.execute(_NEIGHBOURS, {**place, "offset": row.offset})).one()
        _console().print(page(row, desk.prefix, ahead, behind))
        return True

    desk.run(work)


def redrive(
    context: typer.Context,
    *,
    letter_ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID")] = None,
    everything: Annotated[bool, typer.Option("--all", help="everything that is parked")] = False,
    topic: Topic = None,
    key: Key = None,
    reason: OfReason = None,
    yes: Yes = False,
    by: By,
) -> None:
    """Apply parked records again, each with all that is parked of its key, in the order of the log.

    What fails again stays parked, with its new reason and with what is behind it. The service may be running.
    """
    desk: Desk = context.obj
    selection = desk.selection(topic, key, reason)
    if [bool(letter_ids), everything, selection != settlement.Selection()].count(True) != 1:
        raise typer.BadParameter("give ids, or --all, or some of --topic, --key and --reason")

    async def work(store: Store) -> bool:
        open_ids = [letter_id for letter_id in letter_ids or () if await _is_open(store, desk, letter_id)]
        if letter_ids and not open_ids:
            return False
        chains = await settlement.chains(store, desk.service, selection._replace(ids=open_ids or None))
        if not chains:
            _console().print("nothing of the kind is parked")
            return True
        if not (letter_ids or yes):
            records = sum(chain.records for chain in chains)
            typer.confirm(f"Redrive {records:,} parked records of {len(chains):,} keys?", abort=True)
        return await _redrive_all(store, desk, chains, by) and len(open_ids) == len(letter_ids or ())

    desk.run(work)


async def _redrive_all(store: Store, desk: Desk, chains: list[settlement.Chain], by: str) -> bool:
    processing, applied, parked_again = desk.processing(), 0, 0
    console = _console()
    watched = console.is_terminal and len(chains) > 1
    for chain in track(chains, "redriving", console=console, disable=not watched, transient=True):
        redriven = await settlement.redrive(store, desk.service, processing, chain, by)
        applied += len(redriven.applied)
        parked_again += len(redriven.parked_again)
        if redriven.fault:
            console.print(f"{redriven.parked_again[0]} failed again: {redriven.fault}", markup=False)
    console.print(f"{applied:,} applied, {parked_again:,} still parked")
    return not parked_again


def discard(
    context: typer.Context,
    *,
    letter_ids: Annotated[list[UUID], typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="why it may never be applied; no name or number of a person")],
    yes: Yes = False,
    by: By,
) -> None:
    """Give records up: they are kept, but will never be applied. What waits behind them stays parked: redrive it."""
    desk: Desk = context.obj
    if not reason.strip():
        raise typer.BadParameter("a reason is needed", param_hint="--reason")
    if len(letter_ids) > 1 and not yes:
        typer.confirm(f"Discard {len(letter_ids):,} records for good?", abort=True)

    async def work(store: Store) -> bool:
        return all([await _discard_one(store, desk, letter_id, reason.strip(), by) for letter_id in letter_ids])

    desk.run(work)


async def _discard_one(store: Store, desk: Desk, letter_id: UUID, reason: str, by: str) -> bool:
    if not await _is_open(store, desk, letter_id):
        return False
    behind = await settlement.discard(store, desk.service, letter_id, reason, by)
    if behind is None:
        return await _is_open(store, desk, letter_id)  # somebody was faster
    _console().print(f"{letter_id} is discarded")
    if behind.records:
        _console().print(
            f"{behind.records:,} parked behind it; to apply: linbang {desk.service} dead-letters redrive"
            f" --topic {behind.topic.removeprefix(desk.prefix)} --key {shlex.quote(readable(behind.key))}",
            markup=False,
            soft_wrap=True,
        )
    return True


async def _one(store: Store, desk: Desk, letter_id: UUID) -> Row[Any] | None:
    """Return a record; where there is none of that id, say so."""
    async with store.transaction() as tx:
        row = (await tx.execute(_ONE, {"consumer": desk.service, "id": letter_id})).one_or_none()
    if row is None:
        _console().print(f"{letter_id}: {desk.service} has no such dead letter")
    return row


async def _is_open(store: Store, desk: Desk, letter_id: UUID) -> bool:
    """Return whether a record can still be settled; where it cannot, say why."""
    row = await _one(store, desk, letter_id)
    if row is not None and row.state != "parked":
        _console().print(f"{letter_id} is settled already: {row.state} by {row.settled_by}", markup=False)
    return row is not None and row.state == "parked"


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_OF_A_FILE)


def _key_bytes(key: str) -> bytes:
    if not key.startswith("0x"):
        return key.encode()
    try:
        return bytes.fromhex(key[2:])
    except ValueError:
        raise typer.BadParameter("not hex", param_hint="--key") from None
