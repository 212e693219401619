"""From events of other services to messages: the inbox at once, the mail through the mailer.

Invariant: a message, its deliveries and the event that tells of them commit with the batch they came in, so a
redelivered event finds them there and changes nothing.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications import repository
from services.notifications.domain.messages import Channel, message_about
from shared.contracts import Event, MessageDelivered
from shared.contracts.received import Received
from shared.store import event_log
from shared.store.event_log import NewEvent


async def tell_volunteers(tx: AsyncConnection, events: Sequence[Received[Event]]) -> None:
    """Put what there is to tell into the inboxes and queue the mails. Three statements, however many events."""
    messages = [message for event in events if (message := message_about(event))]
    if not messages:
        return
    deliveries = await repository.add_messages(tx, messages)
    await event_log.append(
        tx,
        [
            NewEvent(
                district=delivery.message.district,
                aggregate_id=delivery.id,
                version=1,
                data=MessageDelivered(
                    delivery_id=delivery.id,
                    volunteer_id=delivery.message.volunteer_id,
                    event_id=delivery.message.event_id,
                    channel=delivery.channel,
                    template=delivery.message.template,
                ),
                caused_by=f"event:{delivery.message.event_id}",
            )
            for delivery in deliveries
            if delivery.channel is Channel.IN_APP
        ],
    )
