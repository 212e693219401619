"""One's own data over HTTP: seen, copied, changed, put right by the office; and the end of one's registration."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.own_data import commands, queries
from services.registry.own_data.closing import RegistrationEnded, end_registration
from services.registry.own_data.commands import CorrectionAsked, CorrectionDecided, Wanted
from services.registry.own_data.domain import Correctable
from services.registry.own_data.queries import CorrectionOpened, CorrectionView, OwnCorrection, OwnData
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.people.forms import Text
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Paragraphs
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1", tags=["own data"])

Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
SelfAtHand = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER], stepped_up=True))]
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
_Codes = Annotated[list[Text], Field(max_length=50)]


class ProfileForm(BaseModel):
    """What a person alone can know: skills, interests, the community they live in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"skills": ["english"], "services": ["tutoring"]}]})

    skills: _Codes = []
    services: _Codes = []
    community: Text = ""


class CorrectionForm(BaseModel):
    """What is wrong, what is to stand there, and why.

    An ID number may be that of another kind of paper, ``document``, with the birthday where the number says none and
    another one is on file; of other fields these are left aside.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"field": "name", "value": "张晓羽", "reason": "登记时写错了一个字"},
                {"field": "id_number", "value": "E12345678", "document": "passport", "reason": "已换用护照"},
            ]
        }
    )

    field: Correctable
    value: Annotated[Line, Field(max_length=500)]
    reason: Annotated[Paragraphs, Field(max_length=500)] = ""
    document: Text = ""
    born_on: Text = ""


class CorrectionAnswer(BaseModel):
    """Whether it is put right, and in words why not."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accepted": True, "answer": "已核对身份证"}]})

    accepted: bool
    answer: Annotated[Paragraphs, Field(max_length=500)] = ""


@router.get("/me/data")
async def show_own_data(store: ApiStore, keys: Keys, caller: Self) -> OwnData:
    """Show all that registry holds of the caller, masked (PIPL art. 45)."""
    async with store.transaction(caller.district) as tx:
        volunteer_id = caller.own_id()
        return await queries.own_data(tx, keys, caller.district, volunteer_id, caller.account_id)


@router.post("/me/data/copies")
async def copy_own_data(store: ApiStore, keys: Keys, caller: SelfAtHand) -> OwnData:
    """Get a copy of it in clear. Each is in the access log."""
    async with store.transaction(caller.district) as tx:
        return await commands.copy_own_data(tx, keys, caller, caller.account_id)


@router.put("/me/profile", status_code=204)
async def change_profile(form: ProfileForm, store: ApiStore, keys: Keys, caller: Self) -> None:
    """Say anew what one can and likes to do, and where one lives."""
    changes = {"skills": ";".join(form.skills), "services": ";".join(form.services), "community": form.community}
    async with store.transaction(caller.district) as tx:
        await commands.change_profile(tx, keys, caller, changes)


@router.get("/me/corrections")
async def list_own_corrections(store: ApiStore, caller: Self) -> list[OwnCorrection]:
    """List what the caller has asked to be put right, the newest first."""
    async with store.transaction(caller.district) as tx:
        return await queries.own_corrections(tx, caller.district, caller.own_id())


@router.post("/me/corrections", status_code=201, response_model=CorrectionAsked)
async def ask_for_correction(
    form: CorrectionForm, store: ApiStore, keys: Keys, caller: Self, key: KeyedIdempotencyKey
) -> Response:
    """Have the office put something right (PIPL art. 46); it answers within five working days."""
    async with store.transaction(caller.district) as tx:
        wanted = Wanted(form.value, form.reason, form.document, form.born_on)
        command = partial(commands.ask_for_correction, tx, keys, caller, form.field, wanted)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/corrections")
async def list_corrections(store: ApiStore, caller: Office, page: RequestedPage) -> Page[CorrectionView]:
    """List what volunteers have asked to be put right; what is due first is at the top."""
    after = page.position(date.fromisoformat, UUID)
    async with store.transaction(caller.district) as tx:
        found = await queries.open_corrections(tx, caller.district, after, page.limit + 1)
    return Page.of(found, page.limit, lambda each: (each.due_on.isoformat(), str(each.id)))


@router.post("/corrections/{correction_id}/opening")
async def open_correction(correction_id: UUID, store: ApiStore, keys: Keys, caller: Office) -> CorrectionOpened:
    """Read in clear what is asked for and what is on file; who read it is in the access log."""
    async with store.transaction(caller.district) as tx:
        return await commands.open_correction(tx, keys, caller, correction_id)


@router.post("/corrections/{correction_id}/answer", response_model=CorrectionDecided)
async def answer_correction(
    correction_id: UUID, form: CorrectionAnswer, store: ApiStore, keys: Keys, caller: Office, key: KeyedIdempotencyKey
) -> Response:
    """Put it right, or say why not; the volunteer is told."""
    async with store.transaction(caller.district) as tx:
        command = partial(
            commands.answer_correction, tx, keys, caller, correction_id, form.answer, accepted=form.accepted
        )
        return await idempotent(tx, caller, key, 200, command)


@router.post("/me/closing", response_model=RegistrationEnded)
async def end_own_registration(store: ApiStore, keys: Keys, caller: SelfAtHand, key: KeyedIdempotencyKey) -> Response:
    """End one's registration (PIPL art. 47). Hours stay under the number; the data is erased when nothing binds it."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(end_registration, tx, keys, caller, caller.account_id))
