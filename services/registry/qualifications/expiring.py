"""Telling of a qualification 30 days before its last day is over, and ending it then, as work.

Invariant: a qualification's row and its event change in one transaction; one that holds no more meanwhile finds nothing
to be done, and one that a newer one has taken the place of is not told of.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.qualifications import repository
from services.registry.qualifications.commands import EXPIRING, EXPIRY, OF_EVENTS
from shared.contracts import QualificationExpired, QualificationExpiring
from shared.contracts.qualification import Qualification
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work.kind import Item, Patience, WorkKind, in_transaction

BATCH = 500

Turn = Callable[[AsyncConnection, Sequence[tuple[str, UUID]]], Awaitable[Sequence[Row[Any]]]]


def expiring_work() -> WorkKind:
    """Return the work that tells of what is about to expire."""
    return _work(EXPIRING, repository.note_expiring, QualificationExpiring, OF_EVENTS)


def expiry_work() -> WorkKind:
    """Return the work that ends what has expired."""

    async def expire(tx: AsyncConnection, asked: Sequence[tuple[str, UUID]]) -> Sequence[Row[Any]]:
        return await repository.expire(tx, asked, now())

    return _work(EXPIRY, expire, QualificationExpired, (*OF_EVENTS, "is_renewed"))


def _work(name: str, turn: Turn, event: type[Qualification], fields: Sequence[str]) -> WorkKind:
    async def run(tx: AsyncConnection, items: Sequence[Item]) -> None:
        by = {UUID(item.payload["qualification_id"]): f"work:{item.id}" for item in items}
        rows = await turn(tx, [(item.district, UUID(item.payload["qualification_id"])) for item in items])
        said = [
            event.model_validate({"qualification_id": row.id} | {field: getattr(row, field) for field in fields})
            for row in rows
        ]
        await event_log.append(
            tx,
            [NewEvent(row.district, row.id, row.version, one, by[row.id]) for row, one in zip(rows, said, strict=True)],
        )

    return WorkKind(name=name, run=in_transaction(run), patience=Patience(longest=600), batch=BATCH)
