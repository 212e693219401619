"""The command line `linbang`: the one module that knows every service.

Invariant: a service's own commands (`services/<name>/cli.py`, a typer `app`) are imported only when they are used.
Operators' commands read the servers they act on from the environment alone; where it names none and a local system's
state is here, it is filled in first, so that they work beside `make up`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from importlib import import_module
from importlib.util import find_spec

import typer

from deploy.services import TABLE

app = typer.Typer(help="Linbang (邻帮): a district's community volunteer service.", no_args_is_help=True)
local = typer.Typer(help="Everything on this machine: PostgreSQL, Kafka, mail and the services.", no_args_is_help=True)
app.add_typer(local, name="local")

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def _from(module: str, name: str, about: str, *, for_operators: bool = False) -> None:
    """Add a command whose arguments go on to the typer `app` of a module, imported when it is used."""

    def run(context: typer.Context) -> None:
        if for_operators:
            _find_local_system()
        import_module(module).app(args=context.args, prog_name=f"linbang {name}")

    app.command(name, help=about, context_settings=_PASS_ON, add_help_option=False)(run)


def _find_local_system() -> None:
    """Name the servers of the local system in the environment, where that names no database. The image has no local."""
    if any(name.endswith("_DATABASE_URL") for name in os.environ) or find_spec("deploy.local") is None:
        return
    local_mode = import_module("deploy.local.environment")
    if local_mode.SECRETS.exists():
        os.environ.update(local_mode.operator_environment())


for _service, _entry in TABLE.items():
    _from(f"services.{_service}.cli", _service, _entry.about, for_operators=True)
_from("deploy.assets.command", "assets", "Fetch what the pages run in browsers, by its lock.")
_from("deploy.status", "status", "Everything on one screen, and whether it is well.", for_operators=True)
_from("deploy.demo.command", "demo", "Load a district of real size and compare every total.")
_from("deploy.docs", "docs", "Generate the API and event documentation.")
_from("tests.bench.__main__", "bench", "Measure speed beside its limits.")


@app.command()
def provision() -> None:
    """Create roles, databases, schema and topics on the servers that the environment names."""
    from deploy.provision import Target  # noqa: PLC0415 - loaded on use
    from deploy.provision import provision as make  # noqa: PLC0415

    try:
        target = Target.from_environment()
    except KeyError as missing:
        raise typer.BadParameter(str(missing.args[0]), param_hint="environment") from missing
    asyncio.run(make(target))


@app.command()
def nightly() -> None:
    """Hold every projection against its replay, every night at 2:30 China time, until stopped."""
    import_module("deploy.nightly").run()


@app.command("secrets")
def new_secrets() -> None:
    """Print a new set of secrets, for the `.env` of docker-compose.yml."""
    from deploy import credentials  # noqa: PLC0415

    for name, value in (credentials.generate_for_servers() | credentials.generate()).items():
        typer.echo(f"{name}={value}")


@local.command()
def up() -> None:
    """Start everything and stay until Ctrl-C."""
    sys.exit(_runner("up"))


@local.command()
def down() -> None:
    """Stop what runs, and clear what a crash left."""
    sys.exit(_runner("down"))


@local.command()
def monitor() -> None:
    """Watch the running system with Prometheus and stay until Ctrl-C."""
    code: int = import_module("deploy.local.monitor").run()
    sys.exit(code)


@local.command()
def clean() -> None:
    """Remove all data, logs and secrets; keep what was downloaded."""
    sys.exit(_runner("clean"))


def _runner(action: str) -> int:
    code: int = getattr(import_module("deploy.local.runner"), action)()
    return code
