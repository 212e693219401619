"""Drafts as they are stored."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.drafts.domain import Draft, DraftContent
from services.activities.drafts.tables import draft

_INSERT = insert(draft)
_LOCK = text("""
    SELECT id, kept_by, station_id, version FROM draft WHERE district = :district AND id = :id FOR UPDATE
""")
_KEEP = text("""
    UPDATE draft SET station_id = :station_id, content = CAST(:content AS jsonb), changed_at = :at, version = :version
    WHERE district = :district AND id = :id
""")
_DELETE = text("DELETE FROM draft WHERE district = :district AND id = :id")


async def lock_draft(tx: AsyncConnection, district: str, draft_id: UUID) -> Draft | None:
    """Return a draft, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK, {"district": district, "id": draft_id})).one_or_none()
    return Draft(*row) if row else None


async def insert_draft(tx: AsyncConnection, district: str, made: Draft, content: DraftContent, at: datetime) -> None:
    """Put a draft on file."""
    values = {"id": made.id, "kept_by": made.kept_by, "station_id": made.station_id, "version": made.version}
    await tx.execute(_INSERT, {**values, "district": district, "content": content.model_dump(), "changed_at": at})


async def keep_draft(tx: AsyncConnection, district: str, changed: Draft, content: DraftContent, at: datetime) -> None:
    """Put what a locked draft says now on file."""
    values = {"id": changed.id, "station_id": changed.station_id, "version": changed.version, "at": at}
    await tx.execute(_KEEP, {**values, "district": district, "content": content.model_dump_json()})


async def delete_draft(tx: AsyncConnection, district: str, draft_id: UUID) -> None:
    """Take a draft off the file: it is published, or thrown away."""
    await tx.execute(_DELETE, {"district": district, "id": draft_id})
