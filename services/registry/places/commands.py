"""Opening a district, and closing what a file of reference data has brought.

Invariant: all else about a district is data that it brings. What is closed stays on the register, and its codes with
it: history names them.
"""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.places import repository, tables
from services.registry.places.domain.fields import Fields
from services.registry.places.domain.reference import NAME_LENGTH
from shared.contracts import Event, OrganisationClosed, StationClosed, TeamClosed
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, now


class DistrictOpened(BaseModel):
    """A district that is open: GB/T 2260 code and name."""

    code: str
    name: str


async def open_district(tx: AsyncConnection, code: str, name: str) -> DistrictOpened:
    """Open a district. Raises RefusedError where the name is no name or the district is open already."""
    fields = Fields({"name": name})
    plain_name = fields.name("name", NAME_LENGTH)
    if plain_name is None:
        raise RefusedError(*fields.faults)
    await repository.open_district(tx, code, plain_name)
    return DistrictOpened(code=code, name=plain_name)


class Closable(NamedTuple):
    """A kind of entry that can be closed: its table, the event that says so, and what that calls the entry."""

    table: Table
    closed: type[Event]
    id_field: str


ORGANISATION = Closable(tables.organisation, OrganisationClosed, "organisation_id")
STATION = Closable(tables.station, StationClosed, "station_id")
TEAM = Closable(tables.team, TeamClosed, "team_id")


class EntryClosed(BaseModel):
    """An organisation, station or team that is closed from a day on."""

    id: UUID
    code: str
    closed_on: date
    version: int


async def close_entry(
    tx: AsyncConnection, actor: Actor, kind: Closable, entry_id: UUID, closed_on: date | None
) -> EntryClosed:
    """Close an organisation, station or team from a day on, today where none is named.

    Raises RefusedError: ``not_found``, ``closed`` already, a day ``in_future`` or before the one on which it opened.
    """
    today = district_day(now())
    day = closed_on or today
    if day > today:
        raise RefusedError(Fault("closed_on", Code.IN_FUTURE))
    entry = await repository.close(tx, kind.table, actor.district, entry_id, day)
    if entry is None:
        known = await repository.exists(tx, kind.table, actor.district, entry_id)
        raise RefusedError(Fault(kind.id_field, Code.CLOSED if known else Code.NOT_FOUND))
    opened_on = entry.get("opened_on")
    if opened_on and day < opened_on:
        raise RefusedError(Fault("closed_on", Code.END_BEFORE_START))
    event = kind.closed.model_validate({**entry, kind.id_field: entry_id})
    await event_log.append(tx, [NewEvent(actor.district, entry_id, entry["version"], event, actor.name)])
    return EntryClosed(id=entry_id, code=entry["code"], closed_on=day, version=entry["version"])
