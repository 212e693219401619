"""What an operator orders over HTTP about parked records, and the work that carries it out.

Invariant: an order is work (``shared.work``) that commits with the answer to whoever gave it. The api may neither apply
nor settle anything, so the worker does, by the settlement that the command uses (ADR 0013): each chain in log order
behind the consumer's fence, and an event that names the account. Orders are carried out one after the other. Of one
that was carried out in part, or twice, only what is still parked is settled: to repeat it does no harm.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.operations import NO_DISTRICT
from shared.http.dead_letters import Action
from shared.messaging import dead_letter_settlement as settlement
from shared.messaging.batch import Processing
from shared.messaging.dead_letter_settlement import Selection
from shared.messaging.reactions import Reactions
from shared.messaging.subscription import settle
from shared.work.kind import Batch, Done, NewWork, Patience, WorkKind
from shared.work.queue import schedule

KIND = "dead_letter"
"""The kind of work that an order is. Its payload: ``letter_id``, ``action``, ``by``, and of a discard ``reason``."""


async def order(tx: AsyncConnection, action: Action, letter_id: UUID, by: str, reason: str = "") -> None:
    """Have a record and all that is parked of its key applied again, or this one record given up.

    ``by`` is ``account:<id>``.
    """
    payload = {"letter_id": str(letter_id), "action": action, "by": by}
    if action is Action.DISCARD:
        payload["reason"] = reason
    await schedule(tx, [NewWork(district=NO_DISTRICT, kind=KIND, lane=KIND, payload=payload)])


def order_work(reactions: Reactions, prefix: str) -> WorkKind:
    """Return the work of carrying orders out. ``prefix`` is of the topics' physical names."""

    async def run(batch: Batch) -> None:
        for item in batch.items:
            letter_id, by = UUID(item.payload["letter_id"]), item.payload["by"]
            if item.payload["action"] == Action.DISCARD:
                await settlement.discard(batch.store, reactions.service, letter_id, item.payload["reason"], by)
            else:
                await _redrive(batch, reactions, prefix, letter_id, by)
            async with batch.store.transaction() as tx:
                await batch.conclude(tx, {item: Done()})

    return WorkKind(name=KIND, run=run, patience=Patience(attempts=5), time_limit=timedelta(minutes=10))


async def _redrive(batch: Batch, reactions: Reactions, prefix: str, letter_id: UUID, by: str) -> None:
    async with batch.store.transaction() as tx:
        subscriptions = await settle(tx, reactions)
    processing = Processing(reactions, prefix, subscriptions)
    for chain in await settlement.chains(batch.store, reactions.service, Selection(ids=[letter_id])):
        await settlement.redrive(batch.store, reactions.service, processing, chain, by)
