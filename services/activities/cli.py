"""``linbang activities …``: what an office does from a command line, over HTTP."""

from pathlib import Path
from typing import Annotated

import typer

from services.activities.app import PARTS
from shared.imports.command_line import Office, import_file
from shared.service.command_line import command_line

app = command_line("activities", "Activities and service records of a district.", PARTS)


@app.command()
def import_records(  # noqa: PLR0913, PLR0917 - the options of a command line
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV (UTF-8 or GB18030, .gz too), xlsx, ods or xls")
    ],
    user: Annotated[str, typer.Option(envvar="LINBANG_USER", prompt=True, help="user name of a district admin")],
    password: Annotated[str, typer.Option(envvar="LINBANG_PASSWORD", prompt=True, hide_input=True)],
    code: Annotated[str, typer.Option(help="the second factor's code, where the account has one")] = "",
    report: Annotated[Path | None, typer.Option(help="where to write the verdict on each line, as CSV")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be new, changed or rejected, and import nothing")
    ] = False,
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
    office = Office(url, registry_url, user, password, code, district)
    import_file(office, "service-records", "Service records", file, report, dry_run=dry_run)
