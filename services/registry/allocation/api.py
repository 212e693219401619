"""Allocations over HTTP: the office proposes, looks and approves; a volunteer sees and answers their own."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.registry.allocation import queries
from services.registry.allocation.commands import (
    AllocationAsked,
    AllocationIsApproved,
    PlacementAnswered,
    answer_placement,
    approve_allocation,
    ask_for_allocation,
)
from services.registry.allocation.queries import AllocationSummary, AllocationView, OwnPlacement
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.problems import language_of

router = APIRouter(prefix="/v1", tags=["allocation"])

SHOWN = 20
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
OfficeAtHand = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, stepped_up=True))]
Reader = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR))]
Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]


class AllocationForm(BaseModel):
    """What a plan is to keep to: how much of the stations' quotas, in per cent, and until when people answer.

    With ``again`` it is about what the last approved plan has left open: who has accepted stays.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"capacity_use": 100, "answer_by": "2026-12-15T15:59:59Z", "again": False}]}
    )

    capacity_use: Annotated[int, Field(ge=1, le=200)] = 100
    answer_by: AwareDatetime
    again: bool = False


class AnswerForm(BaseModel):
    """Whether the proposed place is accepted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accepted": True}]})

    accepted: bool


@router.post("/allocations", status_code=202, response_model=AllocationAsked)
async def propose(form: AllocationForm, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Have a plan made of who could serve where; nobody is told of it before it is approved."""
    answer_by: datetime = form.answer_by
    async with store.transaction(caller.district) as tx:
        command = partial(ask_for_allocation, tx, caller, form.capacity_use, answer_by, again=form.again)
        return await idempotent(tx, caller, key, 202, command)


@router.get("/allocations")
async def list_allocations(store: ApiStore, caller: Reader) -> list[AllocationSummary]:
    """List the district's last 20 allocations, the newest first."""
    async with store.transaction(caller.district) as tx:
        return await queries.allocations(tx, caller.district, SHOWN)


@router.get("/allocations/{allocation_id}")
async def show_allocation(allocation_id: UUID, store: ApiStore, caller: Reader) -> AllocationView:
    """Show a plan: what each station asks for and is given, how universities fare, its proof, the answers so far."""
    async with store.transaction(caller.district) as tx:
        return await queries.find_allocation(tx, caller.district, allocation_id)


@router.post("/allocations/{allocation_id}/approval", response_model=AllocationIsApproved)
async def approve(allocation_id: UUID, store: ApiStore, caller: OfficeAtHand, key: IdempotencyKey) -> Response:
    """Approve a plan: each person is told, and accepts or declines until its date."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(approve_allocation, tx, caller, allocation_id))


@router.get("/me/placements")
async def list_own_placements(request: Request, store: ApiStore, caller: Self) -> list[OwnPlacement]:
    """List the places that were proposed to the volunteer who asks, the newest first, and why."""
    if caller.volunteer_id is None:
        return []
    async with store.transaction(caller.district) as tx:
        return await queries.own_placements(tx, caller.district, caller.volunteer_id, language_of(request))


@router.post("/placements/{placement_id}/answer", response_model=PlacementAnswered)
async def answer(placement_id: UUID, form: AnswerForm, store: ApiStore, caller: Self, key: IdempotencyKey) -> Response:
    """Accept or decline a place that was proposed; it is a proposal, and declining has no drawback."""
    async with store.transaction(caller.district) as tx:
        command = partial(answer_placement, tx, caller, placement_id, accepted=form.accepted)
        return await idempotent(tx, caller, key, 200, command)
