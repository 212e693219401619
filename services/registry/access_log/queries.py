"""What an auditor is shown of the access log."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class AccessView(BaseModel):
    """One entry: who did what to which account or person, when and why."""

    id: UUID
    happened_at: datetime
    actor: str
    action: str
    subject_id: UUID
    reason: str


_ENTRIES = text("""
    SELECT id, happened_at, actor, action, subject_id, reason FROM access_log
    WHERE district = :district AND (CAST(:before AS uuid) IS NULL OR id < :before)
      AND (CAST(:subject_id AS uuid) IS NULL OR subject_id = :subject_id)
      AND (CAST(:actor AS text) IS NULL OR actor = :actor)
      AND (CAST(:action AS text) IS NULL OR action = :action)
    ORDER BY id DESC LIMIT :limit
""")


async def find_entries(
    tx: AsyncConnection,
    district: str,
    before: UUID | None,
    limit: int,
    *,
    subject_id: UUID | None,
    actor: str | None,
    action: str | None,
) -> list[AccessView]:
    """Return a district's entries, the newest first, from before an id on."""
    rows = await tx.execute(
        _ENTRIES,
        {
            "district": district,
            "before": before,
            "subject_id": subject_id,
            "actor": actor,
            "action": action,
            "limit": limit,
        },
    )
    return [AccessView(**row) for row in rows.mappings()]
