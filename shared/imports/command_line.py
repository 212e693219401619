"""A file from a command line into an import: upload, progress bar, counts, report. The same for every kind of file.

Invariant: the exit code tells a script what happened. 0: every line was dealt with (rejected ones are in the report);
1: the file as a whole could not be imported; 2: a service could not be reached or refused.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from shared.http.client import ImportProgress, LinbangClient, RequestRefusedError

console = Console()

ImportedFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="CSV (UTF-8 or GB18030, .gz too), xlsx, ods or xls")
]
User = Annotated[str, typer.Option(envvar="LINBANG_USER", prompt=True, help="user name of a district admin")]
Password = Annotated[str, typer.Option(envvar="LINBANG_PASSWORD", prompt=True, hide_input=True)]
SecondFactorCode = Annotated[str, typer.Option(help="the second factor's code, where the account has one")]
Report = Annotated[Path | None, typer.Option(help="where to write the verdict on each line, as CSV")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="say what would be new, changed or rejected, and import nothing")
]
RegistryUrl = Annotated[str, typer.Option(envvar="LINBANG_REGISTRY_URL", help="address of registry")]
REGISTRY_URL = "http://127.0.0.1:8101"
"""Where registry is in local mode."""


@dataclass(frozen=True, slots=True)
class Office:
    """Where to send a file, and as whom.

    ``code`` is of the account's second factor; ``district`` is for the operator, who belongs to none.
    """

    url: str
    registry_url: str
    user: str
    password: str
    code: str
    district: str | None


def import_file(
    office: Office, kind: str, title: str, file: Path, report: Path | None, *, dry_run: bool = False
) -> None:
    """Import a file, show how it goes and what came of it. Raises typer.Exit with the code that says so.

    A ``dry_run`` shows what would come of it, and nothing is imported.
    """
    try:
        with LinbangClient(office.url, district=office.district) as client:
            client.log_in(office.user, office.password, code=office.code, registry_url=office.registry_url)
            end = _follow(client, kind, file, dry_run=dry_run)
            if report is not None:
                client.download_report(end.id, report)
    except (RequestRefusedError, httpx.TransportError) as fault:
        console.print(f"[red]{office.url}: {fault or type(fault).__name__}[/red]")
        raise typer.Exit(2) from None
    if end.state == "failed":
        for sentence in end.faults:
            console.print(f"{file.name}: {sentence}", style="red", markup=False)
        raise typer.Exit(1)
    console.print(_counts(f"{title}: what an import would do" if dry_run else title, end))
    if dry_run:
        console.print("Nothing was imported: this was a dry run.")
    if (end.rejected or (dry_run and end.changed)) and report is None:
        console.print("Which lines are rejected and why, and what the others change: --report OUT.csv")


def _follow(client: LinbangClient, kind: str, file: Path, *, dry_run: bool) -> ImportProgress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=None)

        def show(progress: ImportProgress) -> None:
            bar.update(
                task, description=f"{file.name}: {progress.state}", completed=progress.done, total=progress.total
            )

        return client.upload_import(kind, file, show, dry_run=dry_run)


def _counts(title: str, end: ImportProgress) -> Table:
    table = Table("accepted", "normalised", "unchanged", "rejected", "total", "new", "changed", title=title)
    new = end.accepted + end.normalised - end.changed
    counts = end.accepted, end.normalised, end.unchanged, end.rejected, end.done, new, end.changed
    table.add_row(*(f"{count:,}" for count in counts))
    return table
