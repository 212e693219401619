"""``python -m tests.bench``: run the benchmark, print its table, write ``docs/performance.json`` and its page."""

from typing import Annotated, Protocol

import typer
import uvloop
from rich.console import Console

from tests.bench import latency, report, roster, rush, service_records, whole_path
from tests.bench.figure import Figure
from tests.bench.setting import Servers, Setting, running_servers


class Row(Protocol):
    """One line of work, or two figures of it."""

    NAME: str

    async def measure(self, setting: Setting) -> list[Figure]:
        """Do the work and measure its limit."""


ROWS: tuple[Row, ...] = (roster, service_records, whole_path, rush, latency)

app = typer.Typer()
console = Console()


@app.command()
def bench(
    only: Annotated[str, typer.Option(help=f"one row: {', '.join(row.NAME for row in ROWS)}")] = "",
    profile: Annotated[bool, typer.Option(help="profile processes and statements; slower, for the findings")] = False,
) -> None:
    """Measure speed beside its limits."""
    rows = [row for row in ROWS if only in ("", row.NAME)]
    if not rows:
        raise typer.BadParameter(f"there is no row {only!r}", param_hint="--only")
    with running_servers(profiled=profile) as servers:
        machine = report.machine()
        entries = []
        for row in rows:
            console.print(f"{row.NAME} …")
            entries += uvloop.run(_measure(row, servers, machine))
            report.write(entries)
    report.show(entries, console)


async def _measure(row: Row, servers: Servers, machine: str) -> list[report.Entry]:
    setting = Setting(servers)
    try:
        figures = await row.measure(setting)
        setting.stop()
        return [report.entry(figure, machine, setting.where()) for figure in figures]
    finally:
        await setting.close()


if __name__ == "__main__":
    app()
