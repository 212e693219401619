"""Setting a record right (MCA Order 67, art. 13), as corrections and accepted claims do.

Invariant: nobody is corrected into two places at once; both figures are in the event.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.records import repository
from services.activities.records.domain import RecordOnFile, RightMinutes, RightTimes, corrected
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import NewEvent, now


async def set_right(
    tx: AsyncConnection, actor: Actor, found: RecordOnFile, figure: RightMinutes | RightTimes, reason: str
) -> tuple[RecordOnFile, NewEvent]:
    """Correct a locked record; return it as it stands now and the event, to be appended.

    Raises RefusedError ``out_of_range``, ``not_open`` where it is void or says so already, or ``overlap``.
    """
    right = corrected(found.record, figure, now())
    if isinstance(figure, RightTimes):
        await repository.lock_volunteers(tx, actor.district, [right.volunteer_id])
        wanted = [(right.volunteer_id, right.started_at, right.ended_at)]
        besides = [found.sign_up_id] if found.sign_up_id else []
        if other := await repository.conflict(tx, actor.district, wanted, besides=besides, record_id=found.id):
            raise RefusedError(Fault("started_at", Code.OVERLAP, other.named()))
    after = found.corrected(right)
    await repository.correct(tx, actor.district, [after])
    event = after.correction(found.record, reason)
    return after, NewEvent(actor.district, after.id, after.version, event, actor.name)
