"""Saying how an organisation or the centre belongs together, and closing what a file has brought.

Invariant: what is closed stays on the register, and its codes with it: history names them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.places import repository, tables
from services.registry.places.domain.fields import Fields
from services.registry.places.domain.reference import guiding_body, operators, seat
from shared.contracts import (
    Event,
    GuidingBodyRegistered,
    OrganisationChanged,
    OrganisationClosed,
    StationChanged,
    StationClosed,
)
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, now


class Closable(NamedTuple):
    """A kind of entry that can be closed: its table, the event that says so, and what that calls the entry."""

    table: Table
    closed: type[Event]
    id_field: str


ORGANISATION = Closable(tables.organisation, OrganisationClosed, "organisation_id")
STATION = Closable(tables.station, StationClosed, "station_id")


class EntryClosed(BaseModel):
    """An organisation, station or team that is closed from a day on."""

    id: UUID
    code: str
    closed_on: date
    version: int


async def close_entry(
    tx: AsyncConnection, actor: Actor, kind: Closable, entry_id: UUID, closed_on: date | None
) -> EntryClosed:
    """Close an organisation or station from a day on, today where none is named.

    Raises RefusedError: ``not_found``, ``closed`` already, a day ``in_future`` or before the one on which it opened.
    """
    today = district_day(now())
    day = closed_on or today
    if day > today:
        raise RefusedError(Fault("closed_on", Code.IN_FUTURE))
    entry = await repository.change(tx, kind.table, actor.district, entry_id, closed_on=day)
    if entry is None:
        known = await repository.exists(tx, kind.table, actor.district, entry_id)
        raise RefusedError(Fault(kind.id_field, Code.CLOSED if known else Code.NOT_FOUND))
    opened_on = entry.get("opened_on")
    if opened_on and day < opened_on:
        raise RefusedError(Fault("closed_on", Code.END_BEFORE_START))
    event = kind.closed.model_validate({**entry, kind.id_field: entry_id})
    await event_log.append(tx, [NewEvent(actor.district, entry_id, entry["version"], event, actor.name)])
    return EntryClosed(id=entry_id, code=entry["code"], closed_on=day, version=entry["version"])


class EntryChanged(BaseModel):
    """An entry of the register as it is now."""

    id: UUID
    code: str
    version: int


async def register_guiding_body(tx: AsyncConnection, actor: Actor, values: Mapping[str, str]) -> EntryChanged:
    """Put a body on the register that guides organisations. Raises RefusedError with every fault found."""
    fields = Fields(values)
    entry = guiding_body(fields)
    if entry is None:
        raise RefusedError(*fields.faults)
    await repository.require_open(tx, actor.district)
    new = await repository.insert_guiding_body(tx, actor.district, entry)
    event = GuidingBodyRegistered(guiding_body_id=new, code=entry.code, name=entry.name)
    await event_log.append(tx, [NewEvent(actor.district, new, 1, event, actor.name)])
    return EntryChanged(id=new, code=entry.code, version=1)


async def set_seat(tx: AsyncConnection, actor: Actor, organisation_id: UUID, values: Mapping[str, str]) -> EntryChanged:
    """Say at which unit an organisation has its seat, of which one it is a member, and who guides it.

    Raises RefusedError: ``not_found``, ``closed``, or every fault of the values; ``parent_code`` is of no one that is
    a member of it in turn (unknown_reference).
    """
    before = await _open_entry(tx, actor, ORGANISATION, organisation_id)
    on_file = await repository.on_file(tx, tables.organisation, actor.district)
    above = {code: entry for code, entry in on_file.items() if before["code"] not in _line(code, on_file)}
    fields = Fields(values)
    bodies = await repository.guiding_body_ids(tx, actor.district)
    said = seat(fields, bodies, above, before["code"], {})
    if fields.faults:
        raise RefusedError(*fields.faults)
    return await _changed(tx, actor, ORGANISATION, before, OrganisationChanged, **said._asdict())


async def set_operators(tx: AsyncConnection, actor: Actor, station_id: UUID, named: Sequence[str]) -> EntryChanged:
    """Say which units run the district's centre jointly.

    Raises RefusedError: ``not_found``, ``closed``; ``operators`` of a station (forbidden), or of fewer than two units.
    """
    before = await _open_entry(tx, actor, STATION, station_id)
    fields = Fields({"operators": ";".join(named)})
    said = operators(fields, before["level"])
    if fields.faults:
        raise RefusedError(*fields.faults)
    return await _changed(tx, actor, STATION, before, StationChanged, operators=list(said))


def _line(code: str, on_file: Mapping[str, RowMapping]) -> Sequence[str]:
    """Return an organisation's code and those of all that it is a member of, one of the other."""
    line: list[str] = []
    while code in on_file and code not in line:
        line.append(code)
        code = on_file[code]["parent_code"] or ""
    return line


async def _open_entry(tx: AsyncConnection, actor: Actor, kind: Closable, entry_id: UUID) -> RowMapping:
    entry = await repository.lock(tx, kind.table, actor.district, entry_id)
    if entry is None or entry["closed_on"]:
        raise RefusedError(Fault(kind.id_field, Code.CLOSED if entry else Code.NOT_FOUND))
    return entry


async def _changed(
    tx: AsyncConnection,
    actor: Actor,
    kind: Closable,
    before: RowMapping,
    event: type[Event],
    **values: Any,  # noqa: ANN401 - columns of a table
) -> EntryChanged:
    """Change an entry and announce it; what is so already changes nothing."""
    entry = before
    if any(before[name] != value for name, value in values.items()):
        entry = await repository.change(tx, kind.table, actor.district, before["id"], **values) or before
        told = event.model_validate({**entry, kind.id_field: entry["id"]})
        await event_log.append(tx, [NewEvent(actor.district, entry["id"], entry["version"], told, actor.name)])
    return EntryChanged(id=entry["id"], code=entry["code"], version=entry["version"])
