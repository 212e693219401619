"""``python -m tests.bench``: run the benchmark, print its table, write ``docs/performance.json`` and its page."""

from typing import Annotated, Protocol

import typer
import uvloop
from rich.console import Console

from tests.bench import (
    allocation,
    idle,
    latency,
    live,
    pages,
    replay,
    report,
    roster,
    rush,
    service_records,
    statistics,
    whole_path,
)
from tests.bench.figure import Figure
from tests.bench.setting import Servers, Setting, running_servers


class Row(Protocol):
    """One line of work, or two figures of it."""

    NAME: str

    async def measure(self, setting: Setting) -> list[Figure]:
        """Do the work and measure its limit."""


ROWS: tuple[Row, ...] = (
    roster,
    service_records,
    whole_path,
    rush,
    pages,
    live,
    latency,
    idle,
    replay,
    allocation,
    statistics,
)

app = typer.Typer()
console = Console()


@app.command()
def bench(
    only: Annotated[str, typer.Option(help=f"one row: {', '.join(row.NAME for row in ROWS)}")] = "",
    profile: Annotated[bool, typer.Option(help="run a row that misses a target once more under a profiler")] = True,
) -> None:
    """Measure speed beside its limits."""
    rows = [row for row in ROWS if only in ("", row.NAME)]
    if not rows:
        raise typer.BadParameter(f"there is no row {only!r}", param_hint="--only")
    entries: list[report.Entry] = []
    with running_servers() as servers:
        machine = uvloop.run(report.machine(servers.postgres.url))
        for row in rows:
            console.print(f"{row.NAME} …")
            entries += uvloop.run(_entries(row, servers, machine, profile=profile))
            report.write(entries, keep=bool(only))
    report.show(entries, console)


async def _entries(row: Row, servers: Servers, machine: str, *, profile: bool) -> list[report.Entry]:
    figures, where = await _measure(row, Setting(servers))
    if profile and not all(figure.reached for figure in figures):
        console.print(f"{row.NAME}: a target is missed; once more under a profiler …")
        _, profiled = await _measure(row, Setting(servers, profiled=True))
        where += ["", "Under a profiler, which makes it slower:", *profiled]
    return [report.entry(figure, machine, where) for figure in figures]


async def _measure(row: Row, setting: Setting) -> tuple[list[Figure], list[str]]:
    try:
        figures = await row.measure(setting)
        setting.stop()
        return figures, setting.where()
    finally:
        await setting.close()


if __name__ == "__main__":
    app()
