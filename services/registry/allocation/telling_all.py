"""Telling everybody whom an approved plan gives a place, and ending what was not answered in time, as work.

Invariant: a placement's row and its event change in one transaction, so many at a time; broken off, it goes on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.allocation import repository
from services.registry.allocation.commands import ENDING, OF_EVENTS, TELLING
from services.registry.allocation.domain.states import PlacementState
from shared.contracts import PlacementExpired, PlacementProposed
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work.kind import Done, Item, Later, Outcome, Patience, WorkKind, in_transaction

AT_ONCE = 2_000

Turn = Callable[[AsyncConnection, str, UUID, int], Awaitable[Sequence[Row[Any]]]]


def telling_work() -> WorkKind:
    """Return the work that proposes the places of an approved plan."""
    return _work(TELLING, repository.propose_some, PlacementProposed)


def ending_work() -> WorkKind:
    """Return the work that ends, at the date to answer by, what nobody has answered."""
    return _work(ENDING, repository.expire_some, PlacementExpired)


def _work(name: str, turn: Turn, event: type[PlacementProposed] | type[PlacementExpired]) -> WorkKind:
    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _some(tx, item, turn, event) for item in items}

    return WorkKind(name=name, run=in_transaction(run), patience=Patience(longest=60))


async def _some(
    tx: AsyncConnection, item: Item, turn: Turn, event: type[PlacementProposed] | type[PlacementExpired]
) -> Outcome:
    rows = await turn(tx, item.district, UUID(item.payload["allocation_id"]), AT_ONCE)
    fields = (*OF_EVENTS, "replaces_id") if event is PlacementProposed else OF_EVENTS
    await event_log.append(
        tx,
        [
            NewEvent(
                item.district,
                row.id,
                row.version,
                event.model_validate({"placement_id": row.id} | {name: getattr(row, name) for name in fields}),
                f"work:{item.id}",
            )
            for row in rows
            if row.state != PlacementState.WITHHELD
        ],
    )
    return Later(now()) if rows else Done()
