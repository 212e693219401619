"""Correcting a record (MCA Order 67, art. 13: errors and omissions).

Invariant: both figures stay on file, in the events; more than the record's own span is corrected to by stating the
real times alone, and nobody is recorded in two places at once.
"""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.publishing.domain import text_fault
from services.activities.records import repository
from services.activities.records.correction import set_right
from services.activities.records.domain import RightMinutes, RightTimes
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log

_LONGEST_REASON = 500


class CorrectedRecord(BaseModel):
    """A record after its correction; ``version`` is what the next one must be based on."""

    record_id: UUID
    minutes: int
    previous_minutes: int
    version: int


async def correct_record(
    tx: AsyncConnection, actor: Actor, record_id: UUID, version: int, figure: RightMinutes | RightTimes, reason: str
) -> CorrectedRecord:
    """Set a record to the right minutes (0 voids it) or times; ``version`` is the one that was looked at.

    Raises RefusedError ``not_found``, ``forbidden`` where it is another station's, ``changed_meanwhile``,
    ``out_of_range``, ``not_open`` where it is void or says so already, or ``overlap``.
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
    after, event = await set_right(tx, actor, found, figure, reason)
    await event_log.append(tx, [event])
    return CorrectedRecord(
        record_id=record_id,
        minutes=after.record.minutes,
        previous_minutes=record.minutes,
        version=after.version,
    )
