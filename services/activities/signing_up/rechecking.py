"""Looking again at what a volunteer has signed up for, when a qualification of theirs begins or ends to hold.

Invariant: whoever holds a place on a shift to come and lacks what its activity needs is taken off, and told; the place
is offered to the next under the same lock. It is done shift by shift, each in a transaction of its own and under its
lock, so that it can break off anywhere and be run again.

A sign-up that is being decided meanwhile may have been looked up before the qualification ended: so it is done once
more after ``AGAIN``, by when no statement of before is left (ADR 0055).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import lacking
from services.activities.signing_up import repository
from services.activities.signing_up.places import Leaving, TakenOff, leave, settle_later
from shared.contracts.received import Received
from shared.store.event_log import now
from shared.work.kind import Batch, Done, NewWork, Patience, WorkKind
from shared.work.queue import schedule

RECHECK = "recheck_qualifications"
"""The kind of work."""
AGAIN = timedelta(minutes=5)


async def recheck_later(tx: AsyncConnection, events: Sequence[Received[Any]], _: object) -> None:
    """Have the sign-ups of those looked at whose qualifications events tell of."""
    at = now()
    await schedule(
        tx,
        [
            NewWork(
                district=event.attributes.district,
                kind=RECHECK,
                payload={"volunteer_id": str(event.data.volunteer_id)},
                due_at=at + after,
                id=uuid5(event.attributes.id, f"{RECHECK} {after}"),
            )
            for event in events
            for after in (timedelta(0), AGAIN)
        ],
    )


async def recheck(batch: Batch) -> None:
    """Look again at what each item's volunteer has signed up for."""
    for item in batch.items:
        volunteer_id = UUID(item.payload["volunteer_id"])
        async with batch.store.transaction() as tx:
            held = await repository.shifts_held_unqualified(tx, item.district, volunteer_id)
            for shift_id in await repository.shifts_waited_for_qualified(tx, item.district, volunteer_id):
                await settle_later(tx, item.district, shift_id, now())
        for shift_id in held:
            async with batch.store.transaction() as tx:
                await _take_off(tx, item.district, shift_id, volunteer_id, f"work:{item.id}")
        async with batch.store.transaction() as tx:
            await batch.conclude(tx, {item: Done()})


async def _take_off(tx: AsyncConnection, district: str, shift_id: UUID, volunteer_id: UUID, by: str) -> None:
    """Take a volunteer off a shift to come, if they still lack a qualification there."""
    shift = await repository.lock_shift(tx, district, shift_id)
    if shift is None or shift.is_cancelled or shift.starts_at <= now():
        return
    await repository.lock_volunteers(tx, district, [volunteer_id])
    lacked = (await lacking(tx, district, shift.needs, [volunteer_id])).get(volunteer_id)
    place = await repository.place_of(tx, district, shift_id, volunteer_id)
    if lacked and place:
        await leave(tx, district, shift, [Leaving(*place)], by, taken_off=TakenOff(lacking=lacked))


RECHECK_QUALIFICATIONS = WorkKind(name=RECHECK, run=recheck, patience=Patience(), batch=20)
