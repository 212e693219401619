"""Delivering material to everybody of an audience, as work.

Invariant: a delivery's row and its event are one transaction, so many at a time; broken off, it goes on with who has
not got it yet.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.training import repository
from services.registry.training.commands import DELIVERING
from shared.contracts import TrainingDelivered
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.work.kind import Done, Item, Later, Outcome, Patience, WorkKind, in_transaction

AT_ONCE = 1_000


def delivering_work() -> WorkKind:
    """Return the work that delivers material, an item an audience."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _some(tx, item) for item in items}

    return WorkKind(name=DELIVERING, run=in_transaction(run), patience=Patience(longest=600))


async def _some(tx: AsyncConnection, item: Item) -> Outcome:
    material_id = UUID(item.payload["material"])
    people = await repository.some_without(tx, item.district, item.payload, AT_ONCE)
    material = await repository.find_material(tx, item.district, material_id)
    if not people or material is None:
        return Done()
    rows = await repository.deliver(tx, item.district, material_id, {new_id(): person for person in people}, now())
    await event_log.append(
        tx,
        [
            NewEvent(
                item.district,
                row.id,
                row.version,
                TrainingDelivered(
                    delivery_id=row.id,
                    material_id=material_id,
                    volunteer_id=row.volunteer_id,
                    subject=material.subject,
                    has_quiz=material.pass_mark > 0,
                ),
                f"work:{item.id}",
            )
            for row in rows
        ],
    )
    return Later(now())
