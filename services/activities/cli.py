"""``linbang activities ...``: what an office does from a command line, through the service's HTTP interface."""

from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shared.http.client import ImportProgress, LinbangClient, RequestRefusedError

app = typer.Typer(help="Activities and service records.", no_args_is_help=True)
console = Console()


@app.callback()
def commands() -> None:
    """Activities and service records."""


@app.command()
def import_records(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV (also .gz) or xlsx of past records.")],
    user: Annotated[str, typer.Option(envvar="LINBANG_USER", help="User name of the account that imports.")],
    password: Annotated[str, typer.Option(envvar="LINBANG_PASSWORD", prompt=True, hide_input=True)],
    report: Annotated[Path | None, typer.Option(help="Where to write the verdict on every line, as CSV.")] = None,
    district: Annotated[str | None, typer.Option(help="GB/T 2260 code; for the operator alone.")] = None,
    url: Annotated[str, typer.Option(envvar="ACTIVITIES_URL")] = "http://127.0.0.1:8102",
    registry_url: Annotated[str, typer.Option(envvar="REGISTRY_URL")] = "http://127.0.0.1:8101",
) -> None:
    """Import past service records and wait until all of their events are published."""
    try:
        with LinbangClient(url, district=district) as client:
            client.log_in(user, password, registry_url=registry_url)
            progress = _upload(client, file)
            if report and progress.state == "completed":
                client.download_report(progress.id, report)
    except (RequestRefusedError, httpx.TransportError) as failed:
        console.print(f"[red]{failed}[/red]")
        raise typer.Exit(1) from None
    _summarise(progress)
    if progress.state != "completed":
        raise typer.Exit(1)


def _upload(client: LinbangClient, file: Path) -> ImportProgress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=None)
        return client.upload_import(
            "service-records", file, lambda state: bar.update(task, total=state.total, completed=state.done)
        )


def _summarise(progress: ImportProgress) -> None:
    for fault in progress.faults:
        console.print(f"[red]{fault}[/red]")
    for outcome in ("accepted", "normalised", "unchanged", "rejected"):
        console.print(f"{outcome:>10}  {getattr(progress, outcome):>9,}")
