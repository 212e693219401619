"""`linbang assets`: fetch what the portal's pages run in browsers."""

import typer

from deploy import assets

app = typer.Typer(help="Fetch what the pages run in browsers, by its lock.")


@app.command()
def fetch() -> None:
    """Put the files of the lock where the portal serves them from."""
    assets.unpack()
    typer.echo(f"{', '.join(assets.FILES.values())}: {assets.VENDOR}")
