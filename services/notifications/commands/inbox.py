"""The inbox's one command."""

from uuid import UUID

from services.notifications import repository
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.engine import Store


async def mark_read(store: Store, district: str, volunteer_id: UUID, message_id: UUID) -> None:
    """Mark a volunteer's own message read; the first time counts. Raises RefusedError (not_found) for any other."""
    async with store.transaction(district) as tx:
        if not await repository.mark_read(tx, district, volunteer_id, message_id):
            raise RefusedError(Fault("id", Code.NOT_FOUND))
