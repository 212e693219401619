"""Correcting a record (MCA Order 67, art. 13). Invariant: both figures stay on file, in the events."""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.domain.service_record import check_correction
from services.activities.domain.text import text_fault
from services.activities.repository import records
from shared.contracts import ServiceCorrected
from shared.contracts.faults import Fault, RefusedError
from shared.http.auth import Caller
from shared.http.idempotency import Answer, Claim, once
from shared.store import event_log
from shared.store.engine import Store
from shared.store.event_log import NewEvent

_LONGEST_REASON = 500


class CorrectedRecord(BaseModel):
    """A record after its correction; ``version`` is what the next one must be based on."""

    record_id: UUID
    minutes: int
    previous_minutes: int
    version: int


async def correct_record(
    store: Store, caller: Caller, claim: Claim | None, record_id: UUID, version: int, minutes: int, reason: str
) -> Answer:
    """Set a record's minutes to the right figure, or void it with 0; ``version`` is the one that was looked at.

    Raises RefusedError ``not_found``, ``forbidden`` where it is another station's, ``changed_meanwhile``,
    ``out_of_range``, or ``not_open`` where it is void or says so already.
    """
    if fault := text_fault("reason", reason, _LONGEST_REASON):
        raise RefusedError(fault)
    async with store.transaction(caller.district) as tx:
        return await once(tx, caller, claim, lambda: _correct(tx, caller, record_id, version, minutes, reason))


async def _correct(
    tx: AsyncConnection, caller: Caller, record_id: UUID, version: int, minutes: int, reason: str
) -> Answer:
    found = await records.lock_record(tx, caller.district, record_id)
    if found is None:
        raise RefusedError(Fault("record_id", "not_found"))
    present, record = found
    if not caller.reaches(unit=record.station_id, made_by=""):
        raise RefusedError(Fault("record_id", "forbidden"))
    if present != version:
        raise RefusedError(Fault("If-Match", "changed_meanwhile"))
    check_correction(record, minutes)
    await records.correct(tx, caller.district, record_id, minutes)
    event = ServiceCorrected(
        record_id=record_id,
        volunteer_id=record.volunteer_id,
        minutes=minutes,
        previous_minutes=record.minutes,
        reason=reason,
    )
    await event_log.append(tx, [NewEvent(caller.district, record_id, version + 1, event, caller.name)])
    return Answer.of(
        201,
        CorrectedRecord(record_id=record_id, minutes=minutes, previous_minutes=record.minutes, version=version + 1),
    )
