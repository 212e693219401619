"""The messages that events make, with their deliveries.

Invariant: nothing here can send anything: a message is a row, and so is a mail. That it is to be sent is decided beside
the projection (``reactions``), and so in no replay.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.repository import NewDelivery, add_told
from services.notifications.messages.domain import OF_CLOCK, messages_about
from shared.contracts import Event
from shared.contracts.received import Received
from shared.store.projection import ProjectedTable, Projection


async def enter_messages(tx: AsyncConnection, events: Sequence[Received[Event]]) -> list[NewDelivery]:
    """Put what there is to tell into the inboxes, with its mails; return the deliveries that are new."""
    messages = [message for event in events for message in messages_about(event)]
    return await add_told(tx, messages) if messages else []


_OF_EVENTS = f"shape <> {OF_CLOCK}"
MESSAGES = Projection(
    "messages",
    (
        ProjectedTable("message", ("template", "facts", "occurred_at"), of_shape=("facts",), rows=_OF_EVENTS),
        ProjectedTable("delivery", ("id",), of_shape=("id",), rows=_OF_EVENTS),
    ),
    enter_messages,
    compare_only="what was read and what was sent follows from no event, and nothing may be sent again",
)
