"""What an operator can do to every service alike: ``linbang <service> dead-letters``, ``replay``, ``compare``, …."""

from collections.abc import Sequence

import typer

from shared.messaging import catch_up, dead_letter_command, republish, subscribe
from shared.messaging.replay import command_line as replay
from shared.service.part import Part
from shared.service.service import endings_of, reactions_of
from shared.work import command_line as work


def command_line(service: str, about: str, parts: Sequence[Part]) -> typer.Typer:
    """Return a service's command line, to which its ``cli.py`` adds what only this service has."""
    app = typer.Typer(help=about, no_args_is_help=True)
    reactions = reactions_of(service, parts)
    app.callback()(lambda: None)
    replay.add_commands(app, reactions)
    republish.add_command(app, service)
    app.add_typer(work.command_line(service, endings_of(parts)), name="work")
    if reactions.topics:
        app.add_typer(dead_letter_command.command_line(reactions), name="dead-letters")
        catch_up.add_command(app, reactions)
        subscribe.add_command(app, reactions)
    return app
