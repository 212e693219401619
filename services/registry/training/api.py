"""Training over HTTP: the office adds material, delivers it and sees receipts; volunteers read it and are tested."""

from base64 import b64decode
from binascii import Error as NoBase64Error
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.people.dependencies import Keys
from services.registry.training import queries
from services.registry.training.commands import (
    DeliveryBegun,
    Document,
    MaterialAdded,
    QuizResult,
    add_material,
    deliver_material,
    open_document,
    open_material,
    take_document,
    take_test,
)
from services.registry.training.domain import Material, Question, Standing
from services.registry.training.queries import MaterialInFull, MaterialView, OwnMaterial, OwnMaterialInFull, Receipt
from shared.contracts.actor import Role
from shared.contracts.evidence import ENDINGS
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.attachments import handed_out
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Number, Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1", tags=["training"])

LIBRARY = "/training-materials"
OWN = "/me/training"
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
OfficeAtHand = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, stepped_up=True))]
Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
_MANY = 1000
"""More questions, choices or numbers are no form of anybody's."""


class QuestionForm(BaseModel):
    """A question with its choices; ``right`` is the place of the right one, from 0."""

    question: Line = ""
    choices: Annotated[list[Line], Field(max_length=_MANY)] = []
    right: int = -1


class MaterialForm(BaseModel):
    """Material: a text, a document or both, and a test of single choices or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "上门探访须知",
                    "body": "进门前先打电话；不收受礼物；有异常及时报告站点。",
                    "quiz": [{"question": "住户送您水果，怎么办？", "choices": ["收下", "婉拒"], "right": 1}],
                    "pass_mark": 1,
                }
            ]
        }
    )

    subject: Line = ""
    body: Paragraphs = ""
    file: str | None = Field(None, description="A document: PDF, JPEG or PNG of at most 5 MiB, in base64.")
    quiz: Annotated[list[QuestionForm], Field(max_length=_MANY)] = []
    pass_mark: int = Field(0, description="How many right answers pass; 0 without a test.")

    def material(self) -> Material:
        """Return it as the rules want it. Raises RefusedError ``format`` where the file is no base64."""
        quiz = tuple(Question(one.question, tuple(one.choices), one.right) for one in self.quiz)
        return Material(self.subject, self.body, self._content(), quiz, self.pass_mark)

    def _content(self) -> bytes | None:
        if not self.file:
            return None
        try:
            return b64decode(self.file, validate=True)
        except (NoBase64Error, ValueError):
            raise RefusedError(Fault("file", Code.FORMAT)) from None


class DeliveryForm(BaseModel):
    """Whom material is delivered to: ``individuals``, a ``team``, ``all``, or ``persons`` by their numbers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"audience": "team", "team": "510115-TEAM-008"}]})

    audience: Line = ""
    team: Number = ""
    volunteer_numbers: Annotated[list[Number], Field(max_length=_MANY)] = []


class QuizForm(BaseModel):
    """The answers of a test: places of choices, from 0, question by question."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answers": [1]}]})

    answers: Annotated[list[int], Field(max_length=_MANY)] = []


@router.get(LIBRARY)
async def list_materials(store: ApiStore, caller: Office, page: RequestedPage) -> Page[MaterialView]:
    """List the district's training material with its counts, the last added first."""
    (before,) = page.position(UUID) or (None,)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_materials(tx, caller.district, before, page.limit + 1)
    return Page.of(found, page.limit, lambda one: (str(one.id),))


@router.post(LIBRARY, status_code=201, response_model=MaterialAdded)
async def add(form: MaterialForm, store: ApiStore, keys: Keys, caller: Office, key: IdempotencyKey) -> Response:
    """Add material to the library; nobody is told before it is delivered."""
    material = form.material()
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(add_material, tx, keys, caller, material))


@router.get(LIBRARY + "/{material_id}")
async def show_material(material_id: UUID, store: ApiStore, caller: Office) -> MaterialInFull:
    """Show material with its text, its test and its counts."""
    async with store.transaction(caller.district) as tx:
        return await queries.find_material(tx, caller.district, material_id)


_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {media_type: {} for media_type in ENDINGS}}}


@router.get(LIBRARY + "/{material_id}/document", response_class=Response, responses=_FILE)
async def show_document(material_id: UUID, store: ApiStore, keys: Keys, caller: Office) -> Response:
    """Hand out the document of material, as an attachment."""
    async with store.transaction(caller.district) as tx:
        return _attached(await open_document(tx, keys, caller.district, material_id))


@router.post(LIBRARY + "/{material_id}/deliveries", status_code=202, response_model=DeliveryBegun)
async def deliver(
    material_id: UUID, form: DeliveryForm, store: ApiStore, caller: OfficeAtHand, key: IdempotencyKey
) -> Response:
    """Deliver material: each person is told, once; who has got it already is left alone."""
    async with store.transaction(caller.district) as tx:
        command = partial(deliver_material, tx, caller, material_id, form.audience, form.team, form.volunteer_numbers)
        return await idempotent(tx, caller, key, 202, command)


@router.get(LIBRARY + "/{material_id}/receipts")
async def list_receipts(
    material_id: UUID,
    store: ApiStore,
    keys: Keys,
    caller: Office,
    page: RequestedPage,
    standing: Standing = Standing.ALL,
) -> Page[Receipt]:
    """List who has got material and how far they are, by number, masked: all, or those alone who have not."""
    (after,) = page.position(str) or ("",)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_receipts(
            tx, keys, caller.district, material_id, after, page.limit + 1, standing=standing
        )
    return Page.of(found, page.limit, lambda one: (one.volunteer_number,))


@router.get(OWN)
async def list_own_materials(store: ApiStore, caller: Self) -> list[OwnMaterial]:
    """List the training material that the volunteer who asks has got, the last first."""
    if caller.volunteer_id is None:
        return []
    async with store.transaction(caller.district) as tx:
        return await queries.own_materials(tx, caller.district, caller.volunteer_id)


@router.get(OWN + "/{delivery_id}")
async def show_own_material(delivery_id: UUID, store: ApiStore, caller: Self) -> OwnMaterialInFull:
    """Open one's own material; where it has no document, that it was read is noted."""
    async with store.transaction(caller.district) as tx:
        return await open_material(tx, caller, delivery_id)


@router.get(OWN + "/{delivery_id}/document", response_class=Response, responses=_FILE)
async def show_own_document(delivery_id: UUID, store: ApiStore, keys: Keys, caller: Self) -> Response:
    """Hand out the document of one's own material, as an attachment; that it was read is noted."""
    async with store.transaction(caller.district) as tx:
        return _attached(await take_document(tx, keys, caller, delivery_id))


@router.post(OWN + "/{delivery_id}/test", response_model=QuizResult)
async def take_quiz(delivery_id: UUID, form: QuizForm, store: ApiStore, caller: Self, key: IdempotencyKey) -> Response:
    """Take the test of one's own material; it can be taken again until it is passed."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(take_test, tx, caller, delivery_id, form.answers))


def _attached(document: Document) -> Response:
    return handed_out(document.subject, document.media_type, document.content)
