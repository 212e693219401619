"""Noting who works at a station, and that they do no more.

Invariant: staff are no volunteers: they are in a table of their own, and nothing that counts volunteers sees them.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.people.domain.privacy import KeyRing
from services.registry.places import repository as places
from services.registry.places.tables import station
from services.registry.station_staff import repository
from services.registry.station_staff.domain import check_until, read_staff
from shared.contracts import StationStaffBegan, StationStaffEnded
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

LEAST_REASON = 2
"""Characters, as of a volunteer (``people.commands``)."""


class StaffNoted(BaseModel):
    """Somebody's entry as it is now."""

    id: UUID
    station_id: UUID
    version: int


class StaffInClear(BaseModel):
    """A name as it is; that it was read stands in the access log."""

    id: UUID
    name: str


async def begin_work(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, station_id: UUID, values: Mapping[str, str]
) -> StaffNoted:
    """Note that somebody works at a station.

    Raises RefusedError: the station is not the actor's (not_found) or ``closed``, or every fault of the values.
    """
    require_own(actor, station_id)
    entry = await places.lock(tx, station, actor.district, station_id)
    if entry is None or entry["closed_on"]:
        raise RefusedError(Fault("station_id", Code.CLOSED if entry else Code.NOT_FOUND))
    new = read_staff(values, district_day(now()))
    staff_id = new_id()
    await repository.insert(
        tx,
        district=actor.district,
        id=staff_id,
        station_id=station_id,
        sealed_name=keys.seal_staff_name(staff_id, new.name),
        employment=new.employment,
        source=new.source,
        since=new.since,
    )
    event = StationStaffBegan(
        staff_id=staff_id, station_id=station_id, employment=new.employment, source=new.source, since=new.since
    )
    await event_log.append(tx, [NewEvent(actor.district, staff_id, 1, event, actor.name)])
    return StaffNoted(id=staff_id, station_id=station_id, version=1)


async def end_work(tx: AsyncConnection, actor: Actor, staff_id: UUID, until: date | None) -> StaffNoted:
    """Note the last day that somebody works at a station, today where none is named.

    Raises RefusedError: ``not_found``, ``closed`` where it is noted already, a day that cannot be.
    """
    row = await repository.lock(tx, actor.district, staff_id)
    if row is None:
        raise RefusedError(Fault("staff_id", Code.NOT_FOUND))
    require_own(actor, row.station_id, "staff_id")
    if row.until:
        raise RefusedError(Fault("staff_id", Code.CLOSED))
    today = district_day(now())
    last = until or today
    check_until(row.since, last, today)
    version = await repository.end(tx, actor.district, staff_id, last)
    event = StationStaffEnded(
        staff_id=staff_id,
        station_id=row.station_id,
        employment=row.employment,
        source=row.source,
        since=row.since,
        until=last,
    )
    await event_log.append(tx, [NewEvent(actor.district, staff_id, version, event, actor.name)])
    return StaffNoted(id=staff_id, station_id=row.station_id, version=version)


async def reveal_staff(tx: AsyncConnection, keys: KeyRing, actor: Actor, staff_id: UUID, reason: str) -> StaffInClear:
    """Read a name in clear, for a reason, which stands in the access log. Raises RefusedError."""
    if len(reason.strip()) < LEAST_REASON:
        raise RefusedError(Fault("reason", Code.MISSING))
    row = await repository.lock(tx, actor.district, staff_id)
    if row is None:
        raise RefusedError(Fault("staff_id", Code.NOT_FOUND))
    require_own(actor, row.station_id, "staff_id")
    await note(tx, Noted(actor.district, actor.name, "station_staff_revealed", staff_id, reason.strip()))
    return StaffInClear(id=staff_id, name=keys.open_staff_name(staff_id, row.sealed_name))


def require_own(actor: Actor, station_id: UUID, field: str = "station_id") -> None:
    """Refuse (not_found) what is of a station that is not the actor's to deal with."""
    if not actor.reaches(unit=station_id, made_by=""):
        raise RefusedError(Fault(field, Code.NOT_FOUND))
