"""The messages that events make, with their deliveries.

Invariant: nothing here can send anything: a message is a row, and a mail is queued in the table it is written to, which
in a replay is no table that a mailer looks into.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.repository import NewDelivery, add_deliveries
from services.notifications.messages.domain import messages_about
from services.notifications.messages.repository import add_messages
from shared.contracts import Event
from shared.contracts.received import Received
from shared.store.projection import ProjectedTable, Projection


async def enter_messages(tx: AsyncConnection, events: Sequence[Received[Event]]) -> list[NewDelivery]:
    """Put what there is to tell into the inboxes and queue the mails; return the deliveries that are new."""
    messages = [message for event in events for message in messages_about(event)]
    if not messages:
        return []
    await add_messages(tx, messages)
    return await add_deliveries(tx, messages)


MESSAGES = Projection(
    "messages",
    (
        ProjectedTable("message", ("template", "facts", "occurred_at"), of_shape=("facts",)),
        ProjectedTable("delivery", ("id",), of_shape=("id",)),
    ),
    enter_messages,
    compare_only="what was read and what was sent follows from no event, and nothing may be sent again",
)
