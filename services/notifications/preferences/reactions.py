"""Who is erased wants nothing any more."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.preferences.repository import forget_preferences
from shared.contracts import VolunteerErased
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction


async def forget_erased(tx: AsyncConnection, events: Sequence[Received[VolunteerErased]], _: object) -> None:
    """Forget what people wanted to be told who are erased."""
    await forget_preferences(tx, [(event.attributes.district, event.data.volunteer_id) for event in events])


REACTIONS = (Reaction(VolunteerErased, decides=forget_erased, history=History.IGNORE),)
