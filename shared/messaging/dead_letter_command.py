"""``linbang <service> dead-letters``: see what is parked, apply it again, or give it up.

Invariant: the exit code tells a script what happened. 0: all that was asked for is done; 1: something could not be (an
unknown or settled id, a record that failed once more, a database that is away); 2: the command line is wrong.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.exc import DBAPIError

from shared.messaging.dead_letter_actions import DeadLetters
from shared.messaging.dead_letter_queries import key_bytes
from shared.messaging.dead_letter_settlement import PositionUnknownError, Selection
from shared.messaging.reactions import Reactions
from shared.ops import terminal
from shared.ops.operator import By
from shared.store.engine import Store

TopicOption = Annotated[str | None, typer.Option(help="only of this topic, e.g. activities.service-record")]
KeyOption = Annotated[str | None, typer.Option(help="only of this key: as a rule the id of what the events are about")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="only parked for this reason, e.g. undecodable")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]


class State(StrEnum):
    """Which records to list."""

    PARKED = "parked"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"
    ALL = "all"


def command_line(reactions: Reactions) -> typer.Typer:
    """Return the commands for one service, to be mounted as ``dead-letters``."""
    app = typer.Typer(help="Records that could not be applied: see, redrive or discard them.", no_args_is_help=True)

    @app.callback()
    def dead_letters(context: typer.Context) -> None:
        context.obj = reactions

    app.command("list")(list_)
    app.command()(show)
    app.command()(redrive)
    app.command()(discard)
    return app


def list_(
    context: typer.Context,
    state: Annotated[State, typer.Option(help="which")] = State.PARKED,
    topic: TopicOption = None,
    key: KeyOption = None,
    reason: ReasonOption = None,
    rows: Annotated[int, typer.Option(min=1, help="how many at most")] = 50,
) -> None:
    """List parked records, newest first."""
    wanted = _selection(topic, key, reason)._asdict()
    _run(context, lambda letters: letters.list(None if state is State.ALL else state.value, wanted, rows))


def show(context: typer.Context, letter_id: Annotated[UUID, typer.Argument(metavar="ID")]) -> None:
    """Show one record: where it was, why it is parked, its headers and its bytes."""
    _run(context, lambda letters: letters.show(letter_id))


def redrive(
    context: typer.Context,
    *,
    letter_ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID")] = None,
    everything: Annotated[bool, typer.Option("--all", help="everything that is parked")] = False,
    topic: TopicOption = None,
    key: KeyOption = None,
    reason: ReasonOption = None,
    yes: YesOption = False,
    by: By,
) -> None:
    """Apply parked records again, each with all that is parked of its key, in the order of the log.

    What fails again stays parked, with its new reason and with what is behind it. The service may be running.
    """
    ids, selection = letter_ids or [], _selection(topic, key, reason)
    if [bool(ids), everything, selection != Selection()].count(True) != 1:
        raise typer.BadParameter("give ids, or --all, or some of --topic, --key and --reason")
    _run(context, lambda letters: letters.redrive(ids, selection, by, ask=not (ids or yes)))


def discard(
    context: typer.Context,
    *,
    letter_ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID")] = None,
    reason: Annotated[str, typer.Option(help="why it may never be applied; no name or number of a person")],
    everything: Annotated[bool, typer.Option("--all", help="everything that is parked")] = False,
    topic: TopicOption = None,
    key: KeyOption = None,
    yes: YesOption = False,
    by: By,
) -> None:
    """Give records up: they are kept, but will never be applied. What waits behind them stays parked: redrive it."""
    if not reason.strip():
        raise typer.BadParameter("a reason is needed", param_hint="--reason")
    ids, selection = letter_ids or [], _selection(topic, key, None)
    if [bool(ids), everything, selection != Selection()].count(True) != 1:
        raise typer.BadParameter("give ids, or --all, or some of --topic and --key")
    _run(context, lambda letters: letters.discard(ids, selection, reason.strip(), by, ask=not yes))


def _selection(topic: str | None, key: str | None, reason: str | None) -> Selection:
    """Return what was typed as a selection; a key is text, or hex as it is shown where it is no text."""
    return Selection(
        topic=None if topic is None else terminal.topic_prefix() + topic,
        key=None if key is None else _key_bytes(key),
        reason=reason,
    )


def _key_bytes(key: str) -> bytes:
    try:
        return key_bytes(key)
    except ValueError:
        raise typer.BadParameter("not hex", param_hint="--key") from None


def _run(context: typer.Context, work: Callable[[DeadLetters], Awaitable[bool]]) -> None:
    """Do ``work`` on the service's database. Raises typer.Exit with 1 where it could not be done."""
    try:
        done = asyncio.run(_with_store(context.obj, work))
    except (DBAPIError, OSError, PositionUnknownError) as fault:
        name = type(fault.orig if isinstance(fault, DBAPIError) else fault).__name__
        terminal.console().print(f"The database could not do it ({name}); what is not reported above is as it was.")
        done = False
    if not done:
        raise typer.Exit(1)


async def _with_store(reactions: Reactions, work: Callable[[DeadLetters], Awaitable[bool]]) -> bool:
    async with Store(terminal.database_url(reactions.service, "worker"), pool_size=1) as store:
        return await work(DeadLetters(reactions, terminal.topic_prefix(), store, terminal.console()))
