"""``linbang registry …``: what an office does from a command line, over HTTP."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.registry.app import PARTS
from shared.imports.command_line import Office, import_file
from shared.service.command_line import command_line

app = command_line("registry", "People and places of a district.", PARTS)

_FORMS = "CSV (UTF-8 or GB18030, .gz too), xlsx, ods or xls"


@app.command()
def import_roster(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=_FORMS)],
    user: Annotated[str, typer.Option(envvar="LINBANG_USER", prompt=True, help="user name of a district admin")],
    password: Annotated[str, typer.Option(envvar="LINBANG_PASSWORD", prompt=True, hide_input=True)],
    code: Annotated[str, typer.Option(help="the second factor's code, where the account has one")] = "",
    report: Annotated[Path | None, typer.Option(help="where to write the verdict on each line, as CSV")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be new, changed or rejected, and import nothing")
    ] = False,
    url: Annotated[str, typer.Option(envvar="LINBANG_REGISTRY_URL", help="address of registry")] = (
        "http://127.0.0.1:8101"
    ),
    district: Annotated[str | None, typer.Option(help="the operator says here which district the roster is of")] = None,
) -> None:
    """Import a roster of volunteers; importing it again changes nothing.

    Exit code 0: every line was dealt with (rejected ones are in the report); 1: the file could not be imported;
    2: the service could not be reached or refused.
    """
    import_file(Office(url, url, user, password, code, district), "roster", "Roster", file, report, dry_run=dry_run)


class Places(StrEnum):
    """The files of a district's places, in the order in which they refer to one another."""

    DIVISIONS = "divisions"
    ORGANISATIONS = "organisations"
    STATIONS = "stations"
    TEAMS = "teams"


@app.command()
def import_places(  # noqa: PLR0913, PLR0917 - the options of a command line
    kind: Annotated[Places, typer.Argument(help="what the file lists; teams refer to what comes before them")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=_FORMS)],
    user: Annotated[str, typer.Option(envvar="LINBANG_USER", prompt=True, help="user name of a district admin")],
    password: Annotated[str, typer.Option(envvar="LINBANG_PASSWORD", prompt=True, hide_input=True)],
    code: Annotated[str, typer.Option(help="the second factor's code, where the account has one")] = "",
    report: Annotated[Path | None, typer.Option(help="where to write the verdict on each line, as CSV")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be new, changed or rejected, and import nothing")
    ] = False,
    url: Annotated[str, typer.Option(envvar="LINBANG_REGISTRY_URL", help="address of registry")] = (
        "http://127.0.0.1:8101"
    ),
    district: Annotated[str | None, typer.Option(help="the operator says here which district the file is of")] = None,
) -> None:
    """Import divisions, organisations, stations or teams; importing them again changes nothing.

    Exit code 0: every line was dealt with (rejected ones are in the report); 1: the file could not be imported;
    2: the service could not be reached or refused.
    """
    office = Office(url, url, user, password, code, district)
    import_file(office, kind, kind.capitalize(), file, report, dry_run=dry_run)
