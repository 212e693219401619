"""What the demo prints, for a terminal of 100 columns."""

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

_WIDEST_NAME, _NUMBER = 48, 11
_SHOWN_STATIONS = 10


def reference_line(ends: Mapping[str, ImportProgress]) -> str:
    """Say what came of the reference data."""
    return ", ".join(f"{kind} {outcome(end)}" for kind, end in ends.items())


def outcome(end: ImportProgress) -> str:
    """Say how many lines of a file were new, unchanged and rejected."""
    counts = {"new": end.accepted + end.normalised, "unchanged": end.unchanged, "rejected": end.rejected}
    said = [f"{count:,} {what}" for what, count in counts.items() if count]
    return " + ".join(said) or "empty"


def total_tables(comparison: Comparison) -> list[Table]:
    """Return a table for each group of totals: what it should be beside what was found."""
    with_expected = any(check.expected is not None for check in comparison.checks)
    return [_totals(title, checks, with_expected) for title, checks in comparison.tables.items()]


def _totals(title: str, checks: Sequence[Check], with_expected: bool) -> Table:
    table = _table(title)
    table.add_column("", width=_WIDEST_NAME, no_wrap=True)
    for name in ("in the files", *(["expected/"] if with_expected else []), "found"):
        table.add_column(name, justify="right", width=_NUMBER + 1)
    table.add_column("", width=2)
    for check in checks:
        numbers = [check.in_files, *([check.expected] if with_expected else []), check.found]
        compared = (check.in_files, check.expected) != (None, None)
        mark = ("[green]✓[/]" if check.agrees else "[bold red]✗[/]") if compared else ""
        style = None if check.agrees else "red"
        table.add_row(check.what, *("" if number is None else f"{number:,}" for number in numbers), mark, style=style)
    return table


def station_table(stations: Sequence[Totals], year: int) -> Table:
    """Return the stations where most was given in the year."""
    table = _table(f"Stations with most service in {year}")
    table.add_column("", width=3, justify="right")
    table.add_column("station", width=_WIDEST_NAME - 6, no_wrap=True)
    for name in ("hours", "sessions", "volunteers"):
        table.add_column(name, justify="right", width=_NUMBER)
    for rank, station in enumerate(stations[:_SHOWN_STATIONS], start=1):
        numbers = (station.minutes // 60, station.sessions, station.volunteers)
        table.add_row(str(rank), f"{station.name}  [dim]{station.code}[/]", *(f"{number:,}" for number in numbers))
    return table


def rate_table(roster: Loaded, records: Loaded, credited: Credited) -> Table:
    """Return how fast everything went."""
    table = _table("Rates")
    table.add_column("", width=_WIDEST_NAME, no_wrap=True)
    for name in ("lines", "seconds", "per second"):
        table.add_column(name, justify="right", width=_NUMBER + 1)
    rows = (
        ("roster: upload, check, encrypt, publish", roster.end.done, roster.seconds),
        ("service records: upload, check, publish", records.end.done, records.seconds),
        ("service records: upload until all are in the ledger", records.end.done, credited.seconds),
    )
    for what, lines, seconds in rows:
        table.add_row(what, f"{lines:,}", f"{seconds:.1f}", f"{lines / seconds:,.0f}")
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False
    )
