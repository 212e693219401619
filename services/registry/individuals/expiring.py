"""Ending, at the date to answer by, the invitations that nobody has answered, as work.

Invariant: an invitation's row and its event change in one transaction; one that is answered finds nothing to be done.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.individuals import repository
from services.registry.individuals.commands import EXPIRY, new_event
from shared.contracts import TeamInvitationExpired
from shared.store import event_log
from shared.work.kind import Item, Patience, WorkKind, in_transaction

BATCH = 500


def expiry_work() -> WorkKind:
    """Return the work that ends invitations, an item each."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> None:
        by = {UUID(item.payload["invitation_id"]): item for item in items}
        rows = await repository.expire(tx, [(item.district, invitation_id) for invitation_id, item in by.items()])
        await event_log.append(tx, [new_event(row, TeamInvitationExpired, f"work:{by[row.id].id}") for row in rows])

    return WorkKind(name=EXPIRY, run=in_transaction(run), patience=Patience(longest=600), batch=BATCH)
