"""Drafts over HTTP: keep, look at, go on, throw away. They are published by ``POST /v1/activities``."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict, Field

from services.activities.drafts import commands, queries
from services.activities.drafts.commands import KeptDraft
from services.activities.drafts.domain import DraftContent
from services.activities.drafts.queries import DraftRow, ShownDraft
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage, moment

router = APIRouter(prefix="/v1/drafts", tags=["drafts"])

Organiser = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]


class NewDraft(DraftContent):
    """A new draft: whatever is typed so far."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "station": "510115-STA-01",
                    "title": "社区读书会",
                    "shifts": [{"day": "2026-03-01", "starts": "09:00", "ends": "11:00", "capacity": ""}],
                    "weeks": "4",
                }
            ]
        }
    )


class ChangedDraft(DraftContent):
    """All that a draft says now."""

    version: int = Field(ge=1, le=2**31 - 2, description="The version that the change is based on.")


@router.post("", status_code=201, response_model=KeptDraft)
async def keep(body: NewDraft, store: ApiStore, caller: Organiser, key: IdempotencyKey) -> Response:
    """Keep an activity that is being written. Nothing of it is looked at, and nobody is told."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(commands.keep_new, tx, caller, body))


@router.get("")
async def list_drafts(store: ApiStore, caller: Organiser, page: RequestedPage) -> Page[DraftRow]:
    """List the drafts that one may edit, the last changed first: one's own, a station's, or all of the district."""
    async with store.transaction(caller.district) as tx:
        found = await queries.drafts_for(tx, caller, page.position(moment, UUID), page.limit + 1)
    return Page.of(found, page.limit, lambda row: (row.changed_at.isoformat(), str(row.draft_id)))


@router.get("/{draft_id}")
async def show(draft_id: UUID, store: ApiStore, caller: Organiser) -> ShownDraft:
    """Show a draft as it was typed."""
    async with store.transaction(caller.district) as tx:
        return await queries.show_draft(tx, caller, draft_id)


@router.put("/{draft_id}")
async def change(draft_id: UUID, body: ChangedDraft, store: ApiStore, caller: Organiser) -> KeptDraft:
    """Keep what a draft says now, all of it."""
    content = DraftContent(**body.model_dump(exclude={"version"}))
    async with store.transaction(caller.district) as tx:
        return await commands.keep_changed(tx, caller, draft_id, body.version, content)


@router.delete("/{draft_id}", status_code=204)
async def discard(draft_id: UUID, store: ApiStore, caller: Organiser) -> None:
    """Throw a draft away, for good."""
    async with store.transaction(caller.district) as tx:
        await commands.discard(tx, caller, draft_id)
