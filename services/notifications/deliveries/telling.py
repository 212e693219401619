"""Telling people: what is in their inboxes is announced, and their mails are sent.

Invariant: a message, its deliveries, the event that tells of them and the work of sending them commit together, so what
is told again finds them there and changes nothing.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.guardian_texts import queue_guardian_texts
from services.notifications.deliveries.mails import queue_mails
from services.notifications.deliveries.repository import NewDelivery, add_told
from services.notifications.messages.domain import Message
from services.notifications.preferences.domain import Channel
from shared.contracts import MessageDelivered
from shared.store import event_log
from shared.store.event_log import NewEvent


async def tell(tx: AsyncConnection, messages: Sequence[Message]) -> None:
    """Put messages into the inboxes and have them sent, those that are not there yet."""
    if messages:
        await deliver(tx, await add_told(tx, messages))


async def deliver(tx: AsyncConnection, deliveries: Sequence[NewDelivery]) -> None:
    """Tell of what is in the inboxes now, have the mails sent, and minors' guardians told; a mail is told of then."""
    await event_log.append(
        tx,
        [
            NewEvent(
                district=delivery.message.district,
                aggregate_id=delivery.id,
                version=1,
                data=MessageDelivered(
                    delivery_id=delivery.id,
                    volunteer_id=delivery.message.recipient_id,
                    event_id=delivery.message.event_id,
                    channel=delivery.channel,
                    template=delivery.message.template,
                ),
                caused_by=delivery.message.caused_by,
            )
            for delivery in deliveries
            if delivery.channel is Channel.IN_APP
        ],
    )
    await queue_mails(tx, deliveries)
    await queue_guardian_texts(tx, [delivery.message for delivery in deliveries])
