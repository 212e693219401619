"""Merging entries over HTTP: looked at, done, undone."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.merging import queries
from services.registry.merging.commands import EntriesMerged, MergeUndone, find_pair, merge_entries, undo_merge
from services.registry.merging.queries import MergePreview, MergeView
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Paragraphs
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1/volunteers/{volunteer_id}", tags=["merging"])

Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
OfficeAtHand = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, stepped_up=True))]
Looker = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR))]


class Merging(BaseModel):
    """The number of the other entry of the same person, and how that is known: for the access log."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"merged_number": "51011500019004", "reason": "本人到场，核对了身份证"}]}
    )

    merged_number: Annotated[Line, Field(max_length=50)] = ""
    reason: Annotated[Paragraphs, Field(max_length=500)] = ""


class MergeUndoing(BaseModel):
    """Why two entries are two people after all: for the access log."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "是同名的两个人"}]})

    reason: Annotated[Paragraphs, Field(max_length=500)] = ""


@router.get("/merging")
async def preview_merging(
    volunteer_id: UUID,
    store: ApiStore,
    keys: Keys,
    caller: Office,
    merged_number: Annotated[str, Query(max_length=50, description="Number of the entry that would be merged.")] = "",
) -> MergePreview:
    """Show an entry that would be kept beside another that would be merged into it, masked, and what is the same."""
    async with store.transaction(caller.district) as tx:
        pair = await find_pair(tx, caller.district, volunteer_id, merged_number)
        return await queries.preview(tx, keys, caller.district, *pair)


@router.post("/merging", response_model=EntriesMerged)
async def merge(
    volunteer_id: UUID, form: Merging, store: ApiStore, keys: Keys, caller: OfficeAtHand, key: KeyedIdempotencyKey
) -> Response:
    """Merge another entry of the same person into this one. It can be undone."""
    async with store.transaction(caller.district) as tx:
        command = partial(merge_entries, tx, keys, caller, volunteer_id, form.merged_number, form.reason)
        return await idempotent(tx, caller, key, 200, command)


@router.post("/merging/undoing", response_model=MergeUndone)
async def undo(
    volunteer_id: UUID, form: MergeUndoing, store: ApiStore, keys: Keys, caller: OfficeAtHand, key: KeyedIdempotencyKey
) -> Response:
    """Let an entry that was merged into another be one of its own again, as before."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(undo_merge, tx, keys, caller, volunteer_id, form.reason))


@router.get("/mergers")
async def list_mergers(volunteer_id: UUID, store: ApiStore, caller: Looker, page: RequestedPage) -> Page[MergeView]:
    """List the mergers that an entry is part of, the newest first."""
    position = page.position(UUID)
    async with store.transaction(caller.district) as tx:
        before = position[0] if position else None
        found = await queries.mergers_of(tx, caller.district, volunteer_id, before, page.limit + 1)
    return Page.of(found, page.limit, lambda one: (str(one.id),))
