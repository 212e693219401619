"""``linbang notifications ...``: how a district's deliveries stand, through the service's HTTP interface."""

from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from services.notifications.app import PARTS
from shared.http.client import LinbangClient, RequestRefusedError
from shared.service.command_line import command_line

app = command_line("notifications", "Messages and their deliveries.", PARTS)
console = Console()


@app.callback()
def commands() -> None:
    """Messages and their deliveries."""


@app.command()
def deliveries(
    user: Annotated[str, typer.Option(envvar="LINBANG_USER", help="User name of an account of the district.")],
    password: Annotated[str, typer.Option(envvar="LINBANG_PASSWORD", prompt=True, hide_input=True)],
    district: Annotated[str | None, typer.Option(help="GB/T 2260 code; for the operator alone.")] = None,
    url: Annotated[str, typer.Option(envvar="NOTIFICATIONS_URL")] = "http://127.0.0.1:8104",
    registry_url: Annotated[str, typer.Option(envvar="REGISTRY_URL")] = "http://127.0.0.1:8101",
) -> None:
    """Show how many messages are sent, waiting, undeliverable or uncertain, and why."""
    try:
        with LinbangClient(url, district=district) as client:
            client.log_in(user, password, registry_url=registry_url)
            counts = client.send("GET", "/v1/deliveries/summary").json()
    except (RequestRefusedError, httpx.TransportError) as failed:
        console.print(f"[red]{failed}[/red]")
        raise typer.Exit(1) from None
    table = Table("channel", "state", "reason", "deliveries", "oldest")
    for count in counts:
        table.add_row(
            count["channel"], count["state"], count["reason"] or "", f"{count['deliveries']:,}", count["oldest"]
        )
    console.print(table)
