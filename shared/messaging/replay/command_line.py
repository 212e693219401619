"""``linbang <service> replay`` and ``compare``: projections made again from events, and held against the live ones.

Invariant: neither command can send or announce anything; how they end is said in ``outcome.py``.
"""

from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from shared.messaging.reactions import Reactions
from shared.messaging.replay import swap
from shared.messaging.replay.compare_command import add_compare
from shared.messaging.replay.outcome import DIFFERENT, DistrictOption, do_replay, request_of, run, show
from shared.messaging.replay.request import From, ReplayRequest, ReplayResult, source_of
from shared.ops import terminal
from shared.ops.operator import By
from shared.store.engine import Store


def add_commands(app: typer.Typer, reactions: Reactions) -> None:
    """Add ``replay`` and ``compare`` to a service's command line."""
    add_compare(app, reactions)
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
        request = request_of(service, projections[name], source, until, district)
        if replace:
            _refuse_swap(request)
            show(request, run(_swap(request, by, reason)))
            terminal.console().print("the rebuilt tables are in place")
            return
        result = run(do_replay(request))
        show(request, result)
        if result.differing and until is None:
            raise typer.Exit(DIFFERENT)


def _refuse_swap(request: ReplayRequest) -> None:
    if reason := request.rebuilt.projection.compare_only:
        raise typer.BadParameter(f"not of {request.name}: {reason}", param_hint="--swap")
    if request.until or request.district:
        raise typer.BadParameter(
            "only a whole projection can be swapped: no --until, no --district", param_hint="--swap"
        )
    if request.source is From.KAFKA and not request.rebuilt.states:
        raise typer.BadParameter("topics are transport; the event log is what is swapped in", param_hint="--from")


async def _swap(request: ReplayRequest, by: str, reason: str | None) -> ReplayResult:
    asked = swap.Swap(request.service, request.rebuilt, request.source.value, by, reason)

    url_of = partial(terminal.database_url, role="worker")
    async with Store(terminal.database_url(request.service, "owner"), pool_size=1) as store:
        with terminal.progress(f"{request.service} {request.name}") as (begin, advance):
            swapped = await swap.replace(store, asked, partial(source_of, request), url_of, begin, advance)
    return ReplayResult(swapped.filling.applied, swapped.filling.position, swapped.replaced)
