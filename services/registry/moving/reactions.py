"""A registration has ended while a request to move waited: nobody is to decide that any more."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.moving import repository
from shared.contracts import ServiceHistoryStated
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction


async def drop_moves(tx: AsyncConnection, events: Sequence[Received[ServiceHistoryStated]], _: object) -> None:
    """Drop what waits of these people, whose end activities answers; of who has moved nothing waits."""
    ended = [(event.attributes.district, event.data.volunteer_id, event.attributes.time) for event in events]
    await repository.drop(tx, ended)


REACTIONS = (Reaction(ServiceHistoryStated, decides=drop_moves, history=History.IGNORE),)
