"""``linbang activities …``: what an office does from a command line, over HTTP."""

from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from shared.http.client import ImportProgress, LinbangClient, RequestRefusedError

app = typer.Typer(help="Activities and service records of a district.", no_args_is_help=True)
console = Console()


@app.callback()
def activities() -> None:
    """Activities and service records of a district."""


@app.command()
def import_records(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV (UTF-8 or GB18030, .gz too) or xlsx")],
    user: Annotated[str, typer.Option(envvar="LINBANG_USER", prompt=True, help="user name of a district admin")],
    password: Annotated[str, typer.Option(envvar="LINBANG_PASSWORD", prompt=True, hide_input=True)],
    report: Annotated[Path | None, typer.Option(help="where to write the verdict on each line, as CSV")] = None,
    url: Annotated[str, typer.Option(envvar="LINBANG_ACTIVITIES_URL", help="address of activities")] = (
        "http://127.0.0.1:8102"
    ),
    registry_url: Annotated[str, typer.Option(envvar="LINBANG_REGISTRY_URL", help="address of registry")] = (
        "http://127.0.0.1:8101"
    ),
    district: Annotated[
        str | None, typer.Option(help="the operator says here which district the records are of")
    ] = None,
) -> None:
    """Import past service records; importing them again changes nothing.

    Exit code 0: every line was dealt with (rejected ones are in the report); 1: the file could not be imported;
    2: a service could not be reached or refused.
    """
    try:
        with LinbangClient(url, district=district) as client:
            client.log_in(user, password, registry_url=registry_url)
            end = _follow(client, file)
            if report is not None:
                client.download_report(end.id, report)
    except (RequestRefusedError, httpx.TransportError) as fault:
        console.print(f"[red]{url}: {fault or type(fault).__name__}[/red]")
        raise typer.Exit(2) from None
    if end.state == "failed":
        console.print(f"[red]{file.name}: {', '.join(end.faults)}[/red]")
        raise typer.Exit(1)
    console.print(_counts(end))
    if end.rejected and report is None:
        console.print("Which lines were rejected, and why: --report OUT.csv")


def _follow(client: LinbangClient, file: Path) -> ImportProgress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=None)

        def show(progress: ImportProgress) -> None:
            bar.update(
                task, description=f"{file.name}: {progress.state}", completed=progress.done, total=progress.total
            )

        return client.upload_import("service-records", file, show)


def _counts(end: ImportProgress) -> Table:
    table = Table("accepted", "normalised", "unchanged", "rejected", "total", title="Service records")
    table.add_row(*(f"{count:,}" for count in (end.accepted, end.normalised, end.unchanged, end.rejected, end.done)))
    return table
