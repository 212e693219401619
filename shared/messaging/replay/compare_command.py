"""``linbang <service> compare``: every projection held against its events, as every night.

Invariant: each projection and the events that may be missing are looked at, whatever becomes of the others; the exit
code is the worst of theirs. It can neither send nor announce anything.
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from shared.messaging.missing_events import MissingEvents, count_missing
from shared.messaging.reactions import Reactions, Rebuildable
from shared.messaging.replay.by_district import Found, compare_by_district
from shared.messaging.replay.outcome import (
    DIFFERENT,
    FAILED,
    DistrictOption,
    do_replay,
    reason_of,
    request_of,
    run,
    show,
)
from shared.messaging.replay.request import From, ReplayRequest, ReplayResult, keep_result
from shared.ops import terminal
from shared.store.engine import Store


def add_compare(app: typer.Typer, reactions: Reactions) -> None:
    """Add ``compare`` to a service's command line."""
    service, projections = reactions.service, reactions.projections

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
        codes = [_compare_by_district(service, of_logs, district, full=full)] if of_logs else [0]
        codes += [_compare_states(service, each, district) for each in projections.values() if each.states]
        if reactions.events:
            codes.append(_count_missing(reactions, district))
        if worst := max(codes):
            raise typer.Exit(worst)


def _compare_states(service: str, rebuilt: Rebuildable, district: str | None) -> int:
    """Compare what follows from a compacted topic, which is of all districts; return the exit code of it."""
    if district:
        terminal.console().print(f"{service} {rebuilt.projection.name}: of all districts alone", markup=False)
        return 0
    request = request_of(service, rebuilt, None, None, None)
    try:
        result = run(do_replay(request, keep=True))
    except typer.Exit as failed:
        return failed.exit_code
    show(request, result)
    return DIFFERENT if result.differing else 0


def _compare_by_district(service: str, rebuilt: Sequence[Rebuildable], district: str | None, *, full: bool) -> int:
    """Compare what follows from event logs; return the exit code of it."""
    try:
        found = run(_by_district(service, rebuilt, district, full=full))
    except typer.Exit as failed:
        return failed.exit_code
    codes = [0]
    for one in found:
        name = one.rebuilt.projection.name
        if one.fault:
            terminal.console().print(f"{service} {name}: {reason_of(one.fault)}", markup=False)
            codes.append(FAILED)
            continue
        show(ReplayRequest(service, one.rebuilt, From.EVENT_LOG, None, district), _result(one))
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
                await keep_result(store, one.rebuilt.projection.name, _result(one), district)
    return found


def _result(found: Found) -> ReplayResult:
    return ReplayResult(found.applied, found.position, list(found.tables.values()))


def _how(found: Found) -> str:
    """Say how each district was found to be as it is."""
    since = f", all since {terminal.moment(found.oldest)}" if found.oldest and not found.differing else ""
    return f"{found.replayed} districts replayed in full{since}; {found.sealed} by what has changed since the last time"


def _count_missing(reactions: Reactions, district: str | None) -> int:
    """Count the events that were lost on their way, and say so; return the exit code of it."""
    try:
        counted = run(_missing(reactions, district))
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
