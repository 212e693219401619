"""``linbang activities …``: what an office does from a command line, over HTTP."""

from typing import Annotated

import typer

from services.activities.app import PARTS
from shared.imports.command_line import (
    REGISTRY_URL,
    DryRun,
    ImportedFile,
    Office,
    Password,
    RegistryUrl,
    Report,
    SecondFactorCode,
    User,
    import_file,
)
from shared.service.command_line import command_line

app = command_line("activities", "Activities and service records of a district.", PARTS)


@app.command()
def import_records(  # noqa: PLR0913, PLR0917 - the options of a command line
    file: ImportedFile,
    user: User,
    password: Password,
    code: SecondFactorCode = "",
    report: Report = None,
    dry_run: DryRun = False,
    url: Annotated[str, typer.Option(envvar="LINBANG_ACTIVITIES_URL", help="address of activities")] = (
        "http://127.0.0.1:8102"
    ),
    registry_url: RegistryUrl = REGISTRY_URL,
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
