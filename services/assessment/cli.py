"""``linbang assessment …``: what an operator does to the service from a command line."""

import typer

from services.assessment.handlers import HANDLERS
from services.assessment.projections import PROJECTIONS
from shared.messaging import catch_up, dead_letter_command, republish
from shared.messaging.replay import command_line as replay

app = typer.Typer(help="Hours, stars, and what operators do about them.", no_args_is_help=True)
app.add_typer(dead_letter_command.command_line("assessment", HANDLERS), name="dead-letters")
replay.add_commands(app, "assessment", PROJECTIONS)
republish.add_command(app, "assessment")
catch_up.add_command(app, "assessment", HANDLERS)


@app.callback()
def assessment() -> None:
    """Hours, stars, and what operators do about them."""
