"""Keeping drafts and throwing them away. Invariant: the only one who learns of it is whoever may edit the draft."""

from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.drafts import repository
from services.activities.drafts.domain import Draft, DraftContent, check_editable
from services.activities.register.repository import find_station
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import new_id, now


class KeptDraft(BaseModel):
    """A draft that was kept, and its version now."""

    id: UUID
    version: int


async def keep_new(tx: AsyncConnection, actor: Actor, content: DraftContent) -> KeptDraft:
    """Keep a new draft. Raises RefusedError ``unknown_reference`` where it names a station that is not known."""
    made = Draft(new_id(), actor.name, await _station(tx, actor, content), version=1)
    await repository.insert_draft(tx, actor.district, made, content, now())
    return KeptDraft(id=made.id, version=made.version)


async def keep_changed(
    tx: AsyncConnection, actor: Actor, draft_id: UUID, version: int, content: DraftContent
) -> KeptDraft:
    """Keep what a draft says now. Raises RefusedError as ``check_editable`` and ``keep_new``."""
    found = check_editable(await repository.lock_draft(tx, actor.district, draft_id), actor, version)
    changed = replace(found, station_id=await _station(tx, actor, content), version=version + 1)
    await repository.keep_draft(tx, actor.district, changed, content, now())
    return KeptDraft(id=draft_id, version=changed.version)


async def discard(tx: AsyncConnection, actor: Actor, draft_id: UUID) -> None:
    """Throw a draft away, for good. Raises RefusedError ``not_found``."""
    check_editable(await repository.lock_draft(tx, actor.district, draft_id), actor)
    await repository.delete_draft(tx, actor.district, draft_id)


async def _station(tx: AsyncConnection, actor: Actor, content: DraftContent) -> UUID | None:
    if not content.station:
        return None
    station = await find_station(tx, actor.district, content.station)
    if station is None:
        raise RefusedError(Fault("station", Code.UNKNOWN_REFERENCE))
    return station.id
