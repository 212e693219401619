"""``linbang portal ...``: what an operator can do to every service, and the texts of the pages."""

import typer

from services.portal.app import PARTS
from services.portal.shell import catalogue
from shared.service.command_line import command_line

app = command_line("portal", "The pages that people see.", PARTS)


@app.command()
def messages() -> None:
    """Collect the sentences of the pages into the English catalogue; what is new there stands empty."""
    typer.echo(f"{catalogue.update()} sentences still need English: {catalogue.FILE}")
