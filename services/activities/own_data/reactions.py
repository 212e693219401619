"""Somebody ends their registration: their sign-ups are withdrawn, and registry is told what stays of them.

Invariant: all of one person's is one transaction, and each shift is locked before its sign-ups, as everywhere. Shifts
that have begun are left to their closing: who has come is credited.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.own_data import repository
from services.activities.signing_up.places import Leaving, leave
from services.activities.signing_up.repository import live_for, live_to_come, lock_shift
from shared.contracts import ServiceHistoryStated, VolunteerRestricted
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction
from shared.store import event_log
from shared.store.event_log import NewEvent


async def end_service(tx: AsyncConnection, events: Sequence[Received[VolunteerRestricted]], _: object) -> None:
    """Withdraw what these people are signed up for, forget their calendars, and say what stays."""
    stated = []
    for event in events:
        district, volunteer_id = event.attributes.district, event.data.volunteer_id
        by = f"event:{event.attributes.id}"
        await _withdraw_all(tx, event, by)
        await repository.forget_calendar(tx, district, volunteer_id)
        kept = await repository.history_of(tx, district, volunteer_id)
        data = ServiceHistoryStated(volunteer_id=volunteer_id, records=kept.records, last_served_on=kept.last_served_on)
        stated.append(NewEvent(district, volunteer_id, 1, data, by))
    await event_log.append(tx, stated)


async def _withdraw_all(tx: AsyncConnection, event: Received[VolunteerRestricted], by: str) -> None:
    district, volunteer_id = event.attributes.district, event.data.volunteer_id
    for shift_id in await live_to_come(tx, district, volunteer_id):
        shift = await lock_shift(tx, district, shift_id)
        found = await live_for(tx, district, shift_id, volunteer_id)
        if shift is not None and found:
            await leave(tx, district, shift, [Leaving(*one) for one in found], by)


REACTIONS = (Reaction(VolunteerRestricted, decides=end_service, history=History.IGNORE),)
