"""What is shown of entries that devices have brought. Invariant: reads change nothing."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance.queries import staffed_shift
from services.activities.offline.domain import EntryKind, Verdict
from shared.contracts.actor import Actor

_DOUBTS = text("""
    SELECT id, sign_up_id, kind, verdict, reason, counted_at, device_time FROM offline_entry
    WHERE district = :district AND shift_id = :shift_id AND to_confirm AND verdict IN ('accepted', 'refused')
    ORDER BY counted_at, id
""")


class Doubt(BaseModel):
    """An entry to be looked at: it counts by a clock that was off, or it does not count, for ``reason``."""

    id: UUID
    sign_up_id: UUID
    kind: EntryKind
    verdict: Verdict
    reason: str | None
    counted_at: datetime
    device_time: datetime


class Doubts(BaseModel):
    """A shift's entries to be looked at, by time."""

    items: list[Doubt]


async def find_doubts(tx: AsyncConnection, actor: Actor, shift_id: UUID) -> Doubts:
    """Return a shift's entries that a leader has to look at. Raises RefusedError as ``staffed_shift``."""
    await staffed_shift(tx, actor, shift_id)
    rows = await tx.execute(_DOUBTS, {"district": actor.district, "shift_id": shift_id})
    return Doubts(items=[Doubt(**row) for row in rows.mappings()])
