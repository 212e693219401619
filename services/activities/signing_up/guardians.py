"""A minor's guardian does not agree any more: what the minor has signed up for is given up.

Invariant: nobody under 18 holds a place on a shift to come, or waits for one, without a guardian's consent (domain.md
row 5). It is done shift by shift, each in a transaction of its own and under its lock, so that it can break off
anywhere and be run again; whether the guardian has agreed since is asked under that lock. Shifts that have begun are
left to their closing: who has come is credited.
"""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up import repository
from services.activities.signing_up.places import Leaving, TakenOff, leave
from shared.contracts import VolunteerProfileChanged
from shared.contracts.received import Received
from shared.store.event_log import now
from shared.work.kind import Batch, Done, NewWork, Patience, WorkKind
from shared.work.queue import schedule

WITHOUT_GUARDIAN = "without_guardian"
"""The kind of work."""


async def give_up_later(tx: AsyncConnection, events: Sequence[Received[VolunteerProfileChanged]], _: object) -> None:
    """Have what minors are signed up for given up whose guardian does not agree, or not any more."""
    await schedule(
        tx,
        [
            NewWork(
                district=event.attributes.district,
                kind=WITHOUT_GUARDIAN,
                payload={"volunteer_id": str(event.data.volunteer_id)},
                id=uuid5(event.attributes.id, WITHOUT_GUARDIAN),
            )
            for event in events
            if event.data.minor and not event.data.guardian_agreed
        ],
    )


async def give_up(batch: Batch) -> None:
    """Give up what each item's minor has signed up for."""
    for item in batch.items:
        volunteer_id = UUID(item.payload["volunteer_id"])
        async with batch.store.transaction() as tx:
            shifts = await repository.live_to_come(tx, item.district, volunteer_id)
        for shift_id in shifts:
            async with batch.store.transaction() as tx:
                await _give_up(tx, item.district, shift_id, volunteer_id, f"work:{item.id}")
        async with batch.store.transaction() as tx:
            await batch.conclude(tx, {item: Done()})


async def _give_up(tx: AsyncConnection, district: str, shift_id: UUID, volunteer_id: UUID, by: str) -> None:
    """Take a minor off a shift to come, if their guardian still does not agree."""
    locked = await repository.lock_for(tx, district, shift_id, [volunteer_id])
    if locked is None or locked.shift.is_cancelled or locked.shift.starts_at <= now():
        return
    if not any(person.minor and not person.guardian_agreed for person in locked.people):
        return
    found = await repository.live_for(tx, district, shift_id, volunteer_id)
    if found:
        leaving = [Leaving(*one) for one in found]
        await leave(tx, district, locked.shift, leaving, by, taken_off=TakenOff(guardian_took_back=True))


GIVE_UP_WITHOUT_GUARDIAN = WorkKind(name=WITHOUT_GUARDIAN, run=give_up, patience=Patience(), batch=20)
