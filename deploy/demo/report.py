"""What the demo prints, for a terminal of 80 columns, which is also what a pipe is taken for.

Invariant: a mark or a figure is never cut; a name that is too long goes on in the next line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deploy.demo.comparison import Check, Comparison
    from deploy.demo.figures import Totals
    from deploy.demo.loading import Credited, Loaded
    from shared.http.client import ImportProgress

_NUMBER = 11
_NAMES_OF_80 = {2: 46, 3: 33}
"""The width of names beside so many columns of figures and one of marks."""
_SHOWN_STATIONS = 10


def line(what: str, value: str) -> str:
    """Return one line, its value under the others'."""
    return f"  {what:<16} {value}"


def reference_line(ends: Mapping[str, ImportProgress]) -> str:
    """Say what came of the reference data."""
    if all(end.unchanged == end.done for end in ends.values()):
        return ", ".join(f"{end.done} {kind}" for kind, end in ends.items()) + ": unchanged"
    return ", ".join(f"{outcome(end)} {kind}" for kind, end in ends.items())


def outcome(end: ImportProgress) -> str:
    """Say how many lines of a file were new, unchanged and rejected."""
    counts = {"new": end.accepted + end.normalised, "unchanged": end.unchanged, "rejected": end.rejected}
    return " + ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "no lines"


def total_tables(comparison: Comparison) -> list[Table]:
    """Return a table for each group of totals: what it should be beside what was found."""
    with_expected = any(check.expected is not None for check in comparison.checks)
    return [_totals(title, checks, with_expected) for title, checks in comparison.tables.items()]


def _totals(title: str, checks: Sequence[Check], with_expected: bool) -> Table:
    table = _table(title, "in files", *(["expected/"] if with_expected else []), "found")
    table.add_column("", width=1, no_wrap=True)
    for check in checks:
        numbers = [check.in_files, *([check.expected] if with_expected else []), check.found]
        compared = (check.in_files, check.expected) != (None, None)
        mark = ("[green]✓[/]" if check.agrees else "✗") if compared else ""
        style = None if check.agrees else "bold red"
        table.add_row(check.what, *("" if number is None else f"{number:,}" for number in numbers), mark, style=style)
    return table


def station_table(stations: Sequence[Totals], year: int) -> Table:
    """Return the stations where most was given in the year."""
    table = _table(f"Stations with most service in {year}", "hours", "sessions", "volunteers")
    for rank, station in enumerate(stations[:_SHOWN_STATIONS], start=1):
        numbers = (station.minutes // 60, station.sessions, station.volunteers)
        name = f"{rank:>2}  {station.name}  [dim]{station.code}[/]"
        table.add_row(name, *(f"{number:,}" for number in numbers))
    return table


def rate_table(roster: Loaded, records: Loaded, credited: Credited) -> Table:
    """Return how fast everything went."""
    table = _table("Rates", "lines", "seconds", "per second")
    rows = (
        ("roster: upload, check, encrypt, publish", roster.end.done, roster.seconds),
        ("service records: upload, check, publish", records.end.done, records.seconds),
        ("service records: upload until in the ledger", records.end.done, credited.seconds),
    )
    for what, lines, seconds in rows:
        table.add_row(what, f"{lines:,}", f"{seconds:.1f}", f"{lines / seconds:,.0f}")
    return table


def _table(title: str, *numbers: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(f"[bold]{title}[/]", width=_NAMES_OF_80[len(numbers)], overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", width=_NUMBER, no_wrap=True, header_style="dim")
    return table
