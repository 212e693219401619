"""What is shown of drafts, to whoever may edit them. Invariant: reads change nothing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.drafts.domain import Draft, DraftContent, check_editable
from shared.contracts.actor import Actor, Role

EDITABLE = "(:every_draft OR d.kept_by = :name OR d.station_id = ANY(CAST(:stations AS uuid[])))"
"""Whether a draft ``d`` is one that an actor may edit: with the values of ``editable_by``."""
_PAGE = text(f"""
    SELECT d.id AS draft_id, d.content->>'title' AS title, d.content->>'service' AS service,
           d.content->>'place' AS place, s.name AS station_name, jsonb_array_length(d.content->'shifts') AS shifts,
           d.kept_by = :name AS is_own, d.changed_at, d.version
    FROM draft d LEFT JOIN known_station s ON s.district = d.district AND s.id = d.station_id
    WHERE d.district = :district AND {EDITABLE}
      AND (CAST(:before AS timestamptz) IS NULL OR (d.changed_at, d.id) < (:before, CAST(:before_id AS uuid)))
    ORDER BY d.changed_at DESC, d.id DESC LIMIT :limit
""")
_ONE = text("SELECT id, kept_by, station_id, version, content FROM draft WHERE district = :district AND id = :id")


class DraftRow(BaseModel):
    """A draft in a list; ``station_name`` is null where it names no station yet."""

    draft_id: UUID
    title: str
    service: str
    place: str
    station_name: str | None
    shifts: int
    is_own: bool
    changed_at: datetime
    version: int


class ShownDraft(DraftContent):
    """A draft as it was typed; ``version`` is what a change is based on."""

    id: UUID
    version: int
    is_own: bool


def editable_by(actor: Actor) -> dict[str, Any]:
    """Return the values of ``EDITABLE``, which says what ``check_editable`` does."""
    return {
        "district": actor.district,
        "every_draft": actor.has(Role.DISTRICT_ADMIN),
        "name": actor.name,
        "stations": list(actor.scope.units) if actor.has(Role.STATION_MANAGER) else [],
    }


async def drafts_for(
    tx: AsyncConnection, actor: Actor, before: tuple[datetime, UUID] | None, limit: int
) -> list[DraftRow]:
    """Return the drafts that an actor may edit, the last changed first."""
    at, draft_id = before or (None, None)
    rows = await tx.execute(_PAGE, {**editable_by(actor), "before": at, "before_id": draft_id, "limit": limit})
    return [DraftRow(**row) for row in rows.mappings()]


async def show_draft(tx: AsyncConnection, actor: Actor, draft_id: UUID) -> ShownDraft:
    """Return a draft. Raises RefusedError ``not_found``."""
    row = (await tx.execute(_ONE, {"district": actor.district, "id": draft_id})).one_or_none()
    *of_draft, content = row or (None, {})
    draft = check_editable(Draft(*of_draft) if row else None, actor)
    return ShownDraft(**content, id=draft.id, version=draft.version, is_own=draft.kept_by == actor.name)
