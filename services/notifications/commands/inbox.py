"""The inbox's one command."""

from uuid import UUID

from sqlalchemy import text

from shared.contracts.faults import Fault, RefusedError
from shared.store.engine import Store

_MARK_READ = text("""
    UPDATE message SET read_at = coalesce(read_at, clock_timestamp())
    WHERE district = :district AND event_id = :event_id AND volunteer_id = :volunteer_id
""")


async def mark_read(store: Store, district: str, volunteer_id: UUID, message_id: UUID) -> None:
    """Mark a volunteer's own message read; the first time counts. Raises RefusedError (not_found) for any other."""
    async with store.transaction(district) as tx:
        marked = await tx.execute(
            _MARK_READ, {"district": district, "event_id": message_id, "volunteer_id": volunteer_id}
        )
        if not marked.rowcount:
            raise RefusedError(Fault("id", "not_found"))
