"""Which events are told. What a volunteer was not told when it happened is no news later: IGNORE.

Invariant: a message, its deliveries, the event that tells of them and the work of mailing commit with the batch they
came in, so a redelivered event finds them there and changes nothing.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.mails import queue_mails
from services.notifications.deliveries.projections import MESSAGES
from services.notifications.deliveries.repository import NewDelivery
from services.notifications.messages.domain import Channel
from shared.contracts import (
    HoursCredited,
    MessageDelivered,
    SignUpPromoted,
    StarLevelReached,
    VolunteerRegistered,
    VolunteerSignedUp,
)
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction
from shared.store import event_log
from shared.store.event_log import NewEvent


async def deliver(tx: AsyncConnection, _events: Sequence[Received[Any]], deliveries: Sequence[NewDelivery]) -> None:
    """Tell of what is in the inboxes now, and have the mails sent; a mail is told of then."""
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
                caused_by=f"event:{delivery.message.event_id}",
            )
            for delivery in deliveries
            if delivery.channel is Channel.IN_APP
        ],
    )
    await queue_mails(tx, deliveries)


_tell = partial(Reaction, projects=MESSAGES, decides=deliver, history=History.IGNORE)

REACTIONS = (
    _tell(VolunteerRegistered),
    _tell(VolunteerSignedUp),
    _tell(SignUpPromoted),
    _tell(HoursCredited),
    _tell(StarLevelReached),
)
