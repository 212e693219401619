"""``linbang assessment …``: what an operator does to the service from a command line."""

import typer

from services.assessment.handlers import HANDLERS
from shared.messaging import dead_letter_command

app = typer.Typer(help="Hours, stars, and what operators do about them.", no_args_is_help=True)
app.add_typer(dead_letter_command.command_line("assessment", HANDLERS), name="dead-letters")


@app.callback()
def assessment() -> None:
    """Hours, stars, and what operators do about them."""
