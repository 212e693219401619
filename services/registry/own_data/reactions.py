"""When activities has said what it keeps of somebody who has left, the day is set on which they are erased."""

from collections.abc import Sequence
from uuid import uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.own_data import repository
from services.registry.own_data.domain import bound_until
from services.registry.own_data.erasure import ERASURE
from shared.contracts import ServiceHistoryStated
from shared.contracts.calendar import begin_of, district_day
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction
from shared.store.event_log import now
from shared.work.kind import NewWork
from shared.work.queue import schedule


async def set_erasure(tx: AsyncConnection, events: Sequence[Received[ServiceHistoryStated]], _: object) -> None:
    """Note until when the data of these people is bound, and have them erased then; at once where nothing binds it."""
    at = now()
    bound = [
        (event.attributes.district, event.data.volunteer_id, bound_until(event.data.last_served_on, district_day(at)))
        for event in events
    ]
    await repository.bind(tx, bound)
    await schedule(
        tx,
        [
            NewWork(
                district=district,
                kind=ERASURE,
                payload={"volunteer_id": str(volunteer_id)},
                due_at=begin_of(day) if day else at,
                id=uuid5(volunteer_id, ERASURE),
            )
            for district, volunteer_id, day in bound
        ],
    )


REACTIONS = (Reaction(ServiceHistoryStated, decides=set_erasure, history=History.IGNORE),)
