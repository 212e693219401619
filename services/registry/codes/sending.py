"""Sends the texts that are due, in the role ``worker``.

Invariant: a text is sent at least once while it is of use: it goes out before its item is concluded, under the item's
id, by which a gateway can tell a repetition. No text, number or address is logged or in a metric.
"""

import structlog

from services.registry.codes import repository
from services.registry.codes.domain import USEFUL_FOR, Channel, Text
from services.registry.codes.domain import Outcome as Sending
from services.registry.codes.mail import MailServer
from services.registry.codes.wording import sentence, subject
from services.registry.people.domain.privacy import KeyRing
from shared.ops import metrics
from shared.ops.sms import Sms
from shared.store.event_log import now
from shared.work.kind import Batch, Done, Failed, Item, Outcome, Patience, WorkKind

BATCH, SLOTS = 10, 4
log = structlog.get_logger()


def text_work(keys: KeyRing, sms: Sms, mail: MailServer) -> WorkKind:
    """Return the work of sending texts."""
    sender = Sender(keys, sms, mail)
    return WorkKind(
        name=repository.WORK, run=sender.run, patience=Patience(first=2, longest=60), batch=BATCH, slots=SLOTS
    )


class Sender:
    """Sends texts by their channels."""

    def __init__(self, keys: KeyRing, sms: Sms, mail: MailServer) -> None:
        self._keys = keys
        self._sms = sms
        self._mail = mail

    async def run(self, batch: Batch) -> None:
        """Send a batch, one text after the other, each concluded as it is sent."""
        for item in batch.items:
            outcome = await self._send(item)
            batch.came_forward()
            async with batch.store.transaction() as tx:
                await batch.conclude(tx, {item: outcome})
        async with batch.store.transaction() as tx:
            await repository.forget_old_codes(tx)

    async def _send(self, item: Item) -> Outcome:
        text = repository.opened(self._keys, item.id, item.payload)
        sending = await self._offer(item, text)
        metrics.TEXTS.labels(text.channel if text else "none", sending).inc()
        if sending is Sending.AWAY:
            log.warning("a text could not be handed over", channel=text.channel if text else "none")
            return Failed("away")
        return Done()

    async def _offer(self, item: Item, text: Text | None) -> Sending:
        if text is None:
            return Sending.NOTHING
        if now() - item.created_at > USEFUL_FOR[text.template]:
            return Sending.EXPIRED
        if text.channel is Channel.SMS:
            return Sending(await self._sms.send(item.id, text.to, sentence(text)))
        return await self._mail.send(item.id, text.to, subject(text), sentence(text))
