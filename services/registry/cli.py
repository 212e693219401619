"""``linbang registry …``: what an office does from a command line, over HTTP."""

from enum import StrEnum
from typing import Annotated

import typer

from services.registry.app import PARTS
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

app = command_line("registry", "People and places of a district.", PARTS)


@app.command()
def import_roster(
    file: ImportedFile,
    user: User,
    password: Password,
    code: SecondFactorCode = "",
    report: Report = None,
    dry_run: DryRun = False,
    url: RegistryUrl = REGISTRY_URL,
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
    GUIDING_BODIES = "guiding_bodies"
    ORGANISATIONS = "organisations"
    STATIONS = "stations"
    TEAMS = "teams"


@app.command()
def import_places(  # noqa: PLR0913, PLR0917 - the options of a command line
    kind: Annotated[Places, typer.Argument(help="what the file lists; teams refer to what comes before them")],
    file: ImportedFile,
    user: User,
    password: Password,
    code: SecondFactorCode = "",
    report: Report = None,
    dry_run: DryRun = False,
    url: RegistryUrl = REGISTRY_URL,
    district: Annotated[str | None, typer.Option(help="the operator says here which district the file is of")] = None,
) -> None:
    """Import divisions, guiding bodies, organisations, stations or teams; importing them again changes nothing.

    Exit code 0: every line was dealt with (rejected ones are in the report); 1: the file could not be imported;
    2: the service could not be reached or refused.
    """
    office = Office(url, url, user, password, code, district)
    import_file(office, kind, kind.capitalize(), file, report, dry_run=dry_run)
