"""Moving to another district over HTTP: the person asks and takes back, the new district's office decides."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.moving import commands, queries
from services.registry.moving.commands import MoveAsked, MoveDecided
from services.registry.moving.queries import MoveView, OwnMove
from services.registry.moving.repository import open_districts
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Paragraphs
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage
from shared.store.engine import Store

router = APIRouter(prefix="/v1", tags=["moving"])

Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
SelfAtHand = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER], stepped_up=True))]
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
OfficeAtHand = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, stepped_up=True))]


class MoveForm(BaseModel):
    """Which district one moves to, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to_district": "510114", "reason": "搬家了"}]})

    to_district: Annotated[Line, Field(max_length=50)] = ""
    reason: Annotated[Paragraphs, Field(max_length=500)] = ""


class MoveAnswer(BaseModel):
    """Whether the district takes somebody in, and in words why not."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accepted": True, "answer": ""}]})

    accepted: bool
    answer: Annotated[Paragraphs, Field(max_length=500)] = ""


async def _districts(store: Store, caller: Caller) -> list[str]:
    """Return every district, the caller's first: a request is on file in the one that decides, whichever that is."""
    async with store.transaction() as tx:
        return list(dict.fromkeys([caller.district, *await open_districts(tx)]))


@router.get("/me/moves")
async def list_own_moves(store: ApiStore, caller: Self) -> list[OwnMove]:
    """List where the caller has asked to move to, the newest first, with when it is answered."""
    districts = await _districts(store, caller)
    async with store.transaction(*districts) as tx:
        return await queries.own_moves(tx, districts, caller.district, caller.own_id())


@router.post("/me/moves", status_code=201, response_model=MoveAsked)
async def ask_to_move(
    form: MoveForm, store: ApiStore, keys: Keys, caller: SelfAtHand, key: KeyedIdempotencyKey
) -> Response:
    """Ask another district of the installation to take one in; its office answers within ten working days."""
    districts = await _districts(store, caller)
    async with store.transaction(*districts) as tx:
        command = partial(commands.ask_to_move, tx, keys, caller, districts, form.to_district.strip(), form.reason)
        return await idempotent(tx, caller, key, 201, command)


@router.post("/me/moves/{move_id}/taking-back", response_model=MoveDecided)
async def take_back(move_id: UUID, store: ApiStore, caller: Self, key: KeyedIdempotencyKey) -> Response:
    """Take back a request of one's own while it waits."""
    districts = await _districts(store, caller)
    async with store.transaction(*districts) as tx:
        return await idempotent(tx, caller, key, 200, partial(commands.take_back, tx, caller, districts, move_id))


@router.get("/moves")
async def list_moves(store: ApiStore, keys: Keys, caller: Office, page: RequestedPage) -> Page[MoveView]:
    """List who asks to move to the caller's district, masked; what is due first is at the top."""
    after = page.position(date.fromisoformat, UUID)
    async with store.transaction(caller.district) as tx:
        found = await queries.waiting_moves(tx, keys, caller.district, after, page.limit + 1)
    return Page.of(found, page.limit, lambda each: (each.due_on.isoformat(), str(each.id)))


@router.post("/moves/{move_id}/answer", response_model=MoveDecided)
async def answer_move(
    move_id: UUID, form: MoveAnswer, store: ApiStore, keys: Keys, caller: OfficeAtHand, key: KeyedIdempotencyKey
) -> Response:
    """Take somebody in with number and log-in, or say why not; they are told."""
    async with store.transaction(caller.district) as tx:
        from_district = await commands.whence(tx, caller.district, move_id)
    async with store.transaction(caller.district, from_district) as tx:
        command = partial(
            commands.answer_move, tx, keys, caller, from_district, move_id, form.answer, accepted=form.accepted
        )
        return await idempotent(tx, caller, key, 200, command)
