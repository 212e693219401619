"""``linbang assessment …``: what an operator does to the service from a command line."""

import typer

app = typer.Typer(help="Hours, stars, and what operators do about them.", no_args_is_help=True)


@app.callback()
def assessment() -> None:
    """Hours, stars, and what operators do about them."""
