"""The inbox: which events of a batch are fresh.

Invariant: an event's id is inserted in the transaction of its effects, so it counts once however often, and at whatever
offset, it arrives.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CLAIM = text("""
    INSERT INTO inbox (consumer, event_id) SELECT :consumer, id FROM unnest(CAST(:ids AS uuid[])) AS id
    ON CONFLICT DO NOTHING RETURNING event_id
""")


async def fresh(connection: AsyncConnection, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Claim event ids for ``consumer`` and return those that it has not handled before."""
    if not event_ids:
        return set()
    return set((await connection.execute(_CLAIM, {"consumer": consumer, "ids": event_ids})).scalars())
