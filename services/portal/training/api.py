"""Pages of training: the centre adds material, delivers it and sees who has not read it; a volunteer reads and answers.

Invariant: a form that is refused comes back as it was typed, with every fault beside its field; what was uploaded is
handed out as an attachment, never shown as a page.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response, UploadFile

from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from services.portal.training import queries
from services.portal.training.forms import LETTERS, DeliveryForm, MaterialForm
from services.portal.training.queries import MaterialInFull, OwnMaterialInFull
from services.portal.volunteers.queries import teams
from shared.contracts.actor import Role
from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole
from shared.http.attachments import handed_out
from shared.http.problems import ProblemError
from shared.http.upstream import File, RefusedByServiceError, unless_away

router = APIRouter(include_in_schema=False)

LIBRARY = "/staff/training"
OWN = "/me/training"
LARGEST_BODY = 2 * LARGEST_EVIDENCE
"""A document and the form around it; one that is larger than it may be is refused by the page, with what was typed."""
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Cursor = Annotated[str | None, Query(max_length=500)]
_FIELDS = {"volunteer_numbers": "numbers"}
"""Registry's fields that are called otherwise in the form."""


@router.get(LIBRARY)
async def list_materials(visit: Centre, cursor: Cursor = None) -> Response:
    """List the library, with how many have got, read and passed what."""
    found = await unless_away(visit.calls.read(queries.MATERIALS, cursor=cursor))
    return visit.page("training/list.html", found=found)


@router.get(LIBRARY + "/new")
async def show_form(visit: Centre) -> Response:
    """Show the form for material."""
    return _form(visit, MaterialForm())


def _material_form(
    subject: Annotated[ShortText, Form()] = "",
    body: Annotated[str, Form(max_length=30_000)] = "",
    question: Annotated[list[ShortText] | None, Form()] = None,
    choice: Annotated[list[ShortText] | None, Form()] = None,
    right: Annotated[list[ShortText] | None, Form()] = None,
    pass_mark: Annotated[ShortText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> MaterialForm:
    return MaterialForm(
        subject=subject,
        body=body,
        question=question or [],
        choice=choice or [],
        right=right or [],
        pass_mark=pass_mark,
        key=key,
    )


@router.post(LIBRARY + "/new")
async def add(
    visit: Centre, form: Annotated[MaterialForm, Depends(_material_form)], file: UploadFile | None = None
) -> Response:
    """Add material to the library."""
    content = await file.read(LARGEST_EVIDENCE + 1) if file else b""
    faults = form.faults(visit.look.language)
    if len(content) > LARGEST_EVIDENCE:
        faults["file"] = Fault("", Code.TOO_LARGE).message(visit.look.language)
    if not faults:
        try:
            added = await visit.calls.change(queries.ADD, form.material(content), key=form.key or None)
            return visit.go(f"{LIBRARY}/{added.id}?done=added")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request:
                raise
            faults = form.placed(faults_of(refused))
    return _form(visit, form, faults)


def _form(visit: Visit, form: MaterialForm, faults: dict[str, str] | None = None) -> Response:
    status = 422 if faults else 200
    return visit.page("training/new.html", status, form=form, faults=faults or {}, letters=LETTERS)


@router.get(LIBRARY + "/{material_id}")
async def show_material(
    visit: Centre,
    kept: KeptAnswers,
    material_id: str,
    standing: str = "all",
    cursor: Cursor = None,
    done: str = "",
    people: Annotated[str, Query(max_length=9)] = "",
) -> Response:
    """Show material, the form to deliver it, and who is how far."""
    told = whole(people) if done == "delivered" else None
    return await _material(visit, kept, id_of(material_id), (standing, cursor), done=done, people=told)


@router.get(LIBRARY + "/{material_id}/document")
async def hand_out_document(visit: Centre, material_id: str) -> Response:
    """Hand out the document."""
    found = id_of(material_id)
    material = await visit.calls.read(queries.MATERIAL, material_id=found)
    return await _document(visit, material, queries.DOCUMENTS, material_id=found)


@router.post(LIBRARY + "/{material_id}/deliveries")
async def deliver(
    visit: Centre, kept: KeptAnswers, material_id: str, form: Annotated[DeliveryForm, Form()]
) -> Response:
    """Deliver material to whom it is for."""
    found = id_of(material_id)
    try:
        begun = await visit.calls.change(queries.DELIVER, form.body(), key=form.key or None, material_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        faults = {_FIELDS.get(field, field): sentence for field, sentence in faults_of(refused).items()}
        return await _material(visit, kept, found, form=form, faults=faults)
    return visit.go(f"{LIBRARY}/{found}?done=delivered&people={begun.people}")


async def _material(
    visit: Visit,
    kept: KeptAnswers,
    material_id: UUID,
    wanted: tuple[str, str | None] = ("all", None),
    *,
    done: str = "",
    people: int | None = None,
    form: DeliveryForm | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    standing, cursor = wanted
    chosen = standing if standing in queries.STANDINGS else queries.STANDINGS[0]
    material, receipts, known = await asyncio.gather(
        visit.calls.read(queries.MATERIAL, material_id=material_id),
        unless_away(visit.calls.read(queries.RECEIPTS, material_id=material_id, standing=chosen, cursor=cursor)),
        teams(visit.calls, kept, visit.district),
    )
    shown = {
        "material": material,
        "receipts": receipts,
        "teams": [(team.code, team.name) for team in known or ()],
        "chosen": chosen,
        "done": done,
        "people": people,
        "form": form or DeliveryForm(),
        "faults": faults or {},
        "letters": LETTERS,
    }
    return visit.page("training/material.html", 422 if faults else 200, **shown)


@router.get(OWN)
async def show_own(visit: Volunteer) -> Response:
    """Show what one has got to learn from, and how far one is."""
    return visit.page("training/mine.html", found=await unless_away(visit.calls.read(queries.OWN)))


@router.get(OWN + "/{delivery_id}")
async def read_one(visit: Volunteer, delivery_id: str, done: str = "", right: str = "") -> Response:
    """Open one's own material with its test; registry notes that it was read."""
    return await _own(visit, id_of(delivery_id), done=done, right=whole(right) if right else None)


@router.get(OWN + "/{delivery_id}/document")
async def take_document(visit: Volunteer, delivery_id: str) -> Response:
    """Take the document of one's own material; registry notes that it was read."""
    found = id_of(delivery_id)
    one = await visit.calls.read(queries.OWN_ONE, delivery_id=found)
    return await _document(visit, one, queries.OWN_DOCUMENTS, delivery_id=found)


@router.post(OWN + "/{delivery_id}/test")
async def take_test(
    visit: Volunteer, request: Request, delivery_id: str, key: Annotated[ShortText, Form()] = ""
) -> Response:
    """Answer the questions: the field ``answer_2`` is the place of what is chosen for the third one, from 0."""
    found = id_of(delivery_id)
    one = await visit.calls.read(queries.OWN_ONE, delivery_id=found)
    form = await request.form()
    places = [whole(str(form.get(f"answer_{at}", ""))) for at in range(len(one.quiz))]
    answers = [-1 if place is None else place for place in places]
    try:
        result = await visit.calls.change(queries.TAKE_TEST, {"answers": answers}, key=key or None, delivery_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _own(visit, found, refused=refused, answers=answers)
    return visit.go(f"{OWN}/{found}?done={'passed' if result.passed else 'failed'}&right={result.right}")


async def _own(
    visit: Visit,
    delivery_id: UUID,
    *,
    done: str = "",
    right: int | None = None,
    refused: RefusedByServiceError | None = None,
    answers: list[int] | None = None,
) -> Response:
    one = await visit.calls.read(queries.OWN_ONE, delivery_id=delivery_id)
    shown = {"one": one, "done": done, "right": right, "answers": answers or [-1] * len(one.quiz)}
    faults = faults_of(refused) if refused else {}
    return visit.page("training/own.html", refused.status if refused else 200, **shown, faults=faults)


async def _document(
    visit: Visit, one: MaterialInFull | OwnMaterialInFull, files: Mapping[str, File], **ids: UUID
) -> Response:
    """Hand out the document of material, of the library or one's own."""
    file = files.get(one.document_type or "")
    if file is None:
        raise ProblemError(404, "not-found")
    return handed_out(one.subject, file.media_type, await visit.calls.fetch(file, **ids))
