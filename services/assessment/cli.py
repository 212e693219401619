"""``linbang assessment …``: what an operator does to the service from a command line."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from services.assessment.app import PARTS
from services.assessment.ledger import explanation
from services.assessment.register.queries import volunteers_named
from shared.contracts import ServiceCorrected, ServiceLogged
from shared.messaging import kafka_places
from shared.messaging.event_search import LoggedEvent, events_of_volunteer
from shared.messaging.servers import servers_of
from shared.ops import terminal
from shared.service.command_line import command_line
from shared.store.engine import Store

app = command_line("assessment", "Hours, stars, and what operators do about them.", PARTS)


@app.command()
def explain(
    volunteer: Annotated[str, typer.Argument(help="number or id")],
    at: Annotated[datetime | None, typer.Option(help="as of this moment (UTC unless it has an offset)")] = None,
) -> None:
    """List the events that make a volunteer's hours, in order, and mark where the ledger says otherwise.

    Exit code 0: the ledger says what the events say; 1: it does not; 2: there is no such volunteer.
    """
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    raise typer.Exit(asyncio.run(_explain(volunteer, at)))


async def _explain(volunteer: str, at: datetime | None) -> int:
    console = terminal.console()
    async with Store(terminal.database_url("assessment", "worker"), pool_size=1) as store:
        async with store.transaction() as tx:
            people = await volunteers_named(tx, volunteer)
        if not people:
            console.print(f"{volunteer}: assessment knows no such volunteer", markup=False)
            return 2
        sound = True
        for district, volunteer_id, number in people:
            url = terminal.database_url("activities", "worker")
            logged = await events_of_volunteer(url, (ServiceLogged, ServiceCorrected), district, volunteer_id, at)
            async with store.transaction() as tx:
                found = await explanation.entries(tx, district, volunteer_id, at)
                carried = await explanation.carried(tx, district, volunteer_id)
            told = explanation.explain([one.event for one in logged], *found)
            console.print(f"{number} ({volunteer_id}) of {district}", markup=False)
            _show(console, told, logged, await _places(logged))
            for one in carried:
                console.print(
                    f"and carried along from {one.from_district}: minutes {one.minutes}, sessions {one.sessions} "
                    f"(HoursCarried {one.event_id})",
                    markup=False,
                )
            sound = sound and told.sound
        return 0 if sound else 1


async def _places(logged: list[LoggedEvent]) -> dict[UUID, str]:
    """Return where each event is in Kafka, in words."""
    try:
        found = await kafka_places.locate(
            servers_of("assessment"),
            terminal.topic_prefix(),
            [one.event for one in logged],
        )
    except (KafkaError, OSError):
        return {one.event.attributes.id: "Kafka is away" for one in logged}
    places = {event_id: f"{place.topic}[{place.partition}] {place.offset}" for event_id, place in found.items()}
    return {one.event.attributes.id: places.get(one.event.attributes.id, "not in Kafka") for one in logged}


def _show(console: Console, told: explanation.Explanation, logged: list[LoggedEvent], places: dict[UUID, str]) -> None:
    table = Table("time", "event", "id", "log position", "in Kafka", "caused by", "minutes", "total", "ledger")
    for line, one in zip(told.lines, logged, strict=True):
        attributes = line.event.attributes
        table.add_row(
            f"{attributes.time:%Y-%m-%d %H:%M:%S}Z",
            type(line.event.data).__name__,
            str(attributes.id),
            str(one.position),
            places[attributes.id],
            one.caused_by,
            f"{line.change:+}",
            str(line.total),
            line.fault or "as told",
        )
    console.print(table)
    for record_id, version, kind in told.unaccounted:
        console.print(
            f"no event accounts for the ledger's {kind} of record {record_id}, version {version}", markup=False
        )
    kept = "" if told.hours is None else f", kept sum {told.hours}"
    console.print(f"minutes by events {told.by_events}, by the ledger's entries {told.by_entries}{kept}", markup=False)
    console.print("the ledger says what the events say" if told.sound else "the ledger differs from the events")
