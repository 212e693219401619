"""Who does it: the option ``--by`` of every command that changes something, and the event's ``caused_by``.

Invariant: an operator's action is never without a name; where none is given it is the account's.
"""

import getpass
import os
from typing import Annotated, TypeAlias

import typer


def account_name() -> str:
    """Return the name of the account that this process runs under."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        return f"uid-{os.getuid()}"


By: TypeAlias = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="LINBANG_OPERATOR",
        default_factory=account_name,
        show_default="the account's name",
        help="who does it, for the event that tells of it",
    ),
]
