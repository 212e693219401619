"""Correcting a record (MCA Order 67, art. 13). Invariant: both figures stay on file, in the events."""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.publishing.domain import text_fault
from services.activities.records import repository
from services.activities.records.domain import check_correction
from shared.contracts import ServiceCorrected
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent

_LONGEST_REASON = 500


class CorrectedRecord(BaseModel):
    """A record after its correction; ``version`` is what the next one must be based on."""

    record_id: UUID
    minutes: int
    previous_minutes: int
    version: int


async def correct_record(
    tx: AsyncConnection, actor: Actor, record_id: UUID, version: int, minutes: int, reason: str
) -> CorrectedRecord:
    """Set a record's minutes to the right figure, or void it with 0; ``version`` is the one that was looked at.

    Raises RefusedError ``not_found``, ``forbidden`` where it is another station's, ``changed_meanwhile``,
    ``out_of_range``, or ``not_open`` where it is void or says so already.
    """
    if fault := text_fault("reason", reason, _LONGEST_REASON):
        raise RefusedError(fault)
    found = await repository.lock_record(tx, actor.district, record_id)
    if found is None:
        raise RefusedError(Fault("record_id", Code.NOT_FOUND))
    record = found.record
    if not actor.reaches(unit=record.station_id, made_by=""):
        raise RefusedError(Fault("record_id", Code.FORBIDDEN))
    if found.version != version:
        raise RefusedError(Fault("If-Match", Code.CHANGED_MEANWHILE))
    check_correction(record, minutes)
    await repository.correct(tx, actor.district, [found.corrected(record._replace(minutes=minutes))])
    event = ServiceCorrected(
        record_id=record_id,
        volunteer_id=record.volunteer_id,
        minutes=minutes,
        previous_minutes=record.minutes,
        reason=reason,
    )
    await event_log.append(tx, [NewEvent(actor.district, record_id, version + 1, event, actor.name)])
    return CorrectedRecord(record_id=record_id, minutes=minutes, previous_minutes=record.minutes, version=version + 1)
