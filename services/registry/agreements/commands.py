"""Entering an agreement between a university and a station, and ending it early.

Invariant: when it is about to expire is work that is scheduled in the transaction in which it is entered. Why it was
ended, and what it is for, stay in registry: events tell neither.
"""

from uuid import UUID, uuid5

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.agreements import repository
from services.registry.agreements.domain import UNIVERSITIES, NewAgreement, agreement_faults, told_at
from services.registry.places import repository as places
from services.registry.places.tables import organisation, station
from shared.contracts import AgreementEnded, AgreementSigned
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError, reason_fault
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule

EXPIRING = "agreement_expiring"
"""The kind of work: telling of an agreement 30 days before its last day."""


class AgreementOnFile(BaseModel):
    """An agreement, and its version now."""

    id: UUID
    version: int


async def enter_agreement(tx: AsyncConnection, actor: Actor, new: NewAgreement) -> AgreementOnFile:
    """Put an agreement on file.

    Raises RefusedError: a unit ``not_found`` or ``closed``, ``not_a_university``, ``already_agreed`` where the pair
    has one for some of these days, and every fault of what it says.
    """
    at = now()
    faults = [*agreement_faults(new, district_day(at))]
    with_whom = await places.lock(tx, organisation, actor.district, new.organisation_id)
    where = await places.lock(tx, station, actor.district, new.station_id)
    for field, unit in (("organisation_id", with_whom), ("station_id", where)):
        if unit is None or unit["closed_on"]:
            faults.append(Fault(field, Code.CLOSED if unit else Code.UNKNOWN_REFERENCE))
    if with_whom and not with_whom["kind"].startswith(UNIVERSITIES):
        faults.append(Fault("organisation_id", Code.NOT_A_UNIVERSITY))
    if not faults and await repository.overlaps(tx, actor.district, new):
        faults.append(Fault("starts_on", Code.ALREADY_AGREED))
    if faults or not (with_whom and where):
        raise RefusedError(*faults)
    agreement_id = new_id()
    said = {
        "organisation_id": new.organisation_id,
        "station_id": new.station_id,
        "starts_on": new.starts_on,
        "ends_on": new.ends_on,
        "students": new.students,
    }
    row = {"id": agreement_id, **said, "purpose": new.purpose, "entered_by": actor.name, "entered_at": at, "version": 1}
    await repository.insert_agreement(tx, actor.district, row)
    event = AgreementSigned(
        agreement_id=agreement_id, organisation_name=with_whom["name"], station_name=where["name"], **said
    )
    await event_log.append(tx, [NewEvent(actor.district, agreement_id, 1, event, actor.name)])
    due_at = max(told_at(new.ends_on), at)
    work = NewWork(
        district=actor.district,
        kind=EXPIRING,
        payload={"agreement_id": str(agreement_id)},
        due_at=due_at,
        id=uuid5(agreement_id, EXPIRING),
    )
    await schedule(tx, [work])
    return AgreementOnFile(id=agreement_id, version=1)


async def end_agreement(tx: AsyncConnection, actor: Actor, agreement_id: UUID, reason: str) -> AgreementOnFile:
    """End an agreement today, before its last day.

    Raises RefusedError: ``not_found``; ``missing`` or ``too_long`` (reason); ``not_open`` where it has ended, or its
    last day is over.
    """
    if fault := reason_fault(reason):
        raise RefusedError(fault)
    row = await repository.lock_agreement(tx, actor.district, agreement_id)
    if row is None:
        raise RefusedError(Fault("agreement_id", Code.NOT_FOUND))
    today = district_day(now())
    if row.ended_on is not None or row.ends_on < today:
        raise RefusedError(Fault("agreement_id", Code.NOT_OPEN))
    version = await repository.end_agreement(tx, actor.district, agreement_id, today, reason)
    event = AgreementEnded(
        agreement_id=agreement_id,
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name,
        station_id=row.station_id,
        station_name=row.station_name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        students=row.students,
        ended_on=today,
    )
    await event_log.append(tx, [NewEvent(actor.district, agreement_id, version, event, actor.name)])
    return AgreementOnFile(id=agreement_id, version=version)
