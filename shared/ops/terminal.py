"""What every operator's command needs of its surroundings: the servers that the environment names, and a console.

Invariant: what is missing in the environment is said by its name, before anything is done.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

WIDTH_OF_A_FILE = 220
OnProgress = Callable[[int], None]
"""Is told how many events more are done, or how many there are in all."""


def setting(name: str) -> str:
    """Return an environment variable. Raises typer.BadParameter where it is not set."""
    if name not in os.environ:
        raise typer.BadParameter(f"{name} is not set, and no local system is here", param_hint="environment")
    return os.environ[name]


def database_url(service: str, role: str) -> str:
    """Return the URL of a service's database for a role. Raises typer.BadParameter where it is not set."""
    return setting(f"{service}_{role}_DATABASE_URL".upper())


def topic_prefix() -> str:
    """Return what goes before the name of every topic."""
    return os.environ.get("TOPIC_PREFIX", "")


def console() -> Console:
    """Return a console that is wide enough for tables where it is a file."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=WIDTH_OF_A_FILE)


def listing(*columns: str) -> Table:
    """Return an empty list of things, the first column being what the next command needs: an id, never folded."""
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    table.columns[0].no_wrap = True
    return table


def facts(named: Iterable[tuple[str, str]]) -> Table:
    """Return what is known of one thing, a line each; no value is taken for markup."""
    grid = Table.grid("", "", padding=(0, 2))
    for name, value in named:
        grid.add_row(name, Text(value))
    return grid


def moment(at: datetime | None) -> str:
    """Return a time as this machine's clock shows it; a dash for none."""
    return "–" if at is None else at.astimezone().isoformat(" ", "seconds")


@contextmanager
def progress(title: str) -> Iterator[tuple[OnProgress, OnProgress]]:
    """Show how far it is, how fast and how long it will take; a line at the end where nobody watches.

    Gives two functions: one to be told the total, one to be told what is done.
    """
    errors = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    started, done = time.monotonic(), 0
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(title, total=None, rate="")

        def begin(total: int) -> None:
            bar.update(task, total=total)

        def advance(events: int) -> None:
            nonlocal done
            done += events
            bar.update(task, advance=events, rate=f"{done / (time.monotonic() - started):,.0f}/s")

        yield begin, advance
    if not errors.is_terminal:
        errors.print(f"{title}: {done:,} events in {time.monotonic() - started:.1f} s")
