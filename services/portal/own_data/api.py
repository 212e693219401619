"""A person's pages about what is held of them, and the office's about what they want put right."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response
from pydantic import BaseModel

from services.portal.own_data import queries
from services.portal.register.queries import communities
from services.portal.sessions import repository
from services.portal.sessions.dependencies import page_for, public_page, stepped_up_lately
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.dependencies import ApiStore
from shared.http.problems import ProblemError
from shared.http.upstream import AwayError, RefusedByServiceError, unless_away

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Cursor = Annotated[str | None, Query(max_length=500)]


def _volunteer_id(visit: Volunteer) -> UUID:
    if visit.session is None or visit.session.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    return visit.session.volunteer_id


Self = Annotated[UUID, Depends(_volunteer_id)]


class CorrectionForm(BaseModel):
    """What is wrong, what is to stand there, and why."""

    field: ShortText = "name"
    value: ShortText = ""
    document: ShortText = ""
    born_on: ShortText = ""
    reason: LongText = ""
    key: ShortText = ""


@router.get("/me/profile/data")
async def show_data(visit: Volunteer, volunteer_id: Self) -> Response:
    """Show all that is held of oneself, in clear, fit for printing; first, once more, who one is."""
    if not await stepped_up_lately(visit):
        return visit.page("own_data/confirm.html", then="/me/profile/data")
    try:
        held = await queries.everything(visit.calls, volunteer_id)
    except AwayError:
        return visit.page("own_data/confirm.html", then="")
    return visit.page("own_data/data.html", held=held)


@router.post("/me/profile/data")
async def download_data(visit: Volunteer, volunteer_id: Self) -> Response:
    """Hand out a copy of all of it as a file."""
    held = await queries.everything(visit.calls, volunteer_id)
    name = f"linbang-{held.registry.number}-{district_day(held.copied_at).isoformat()}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(held.model_dump_json(indent=2), 200, headers, "application/json")


@router.get("/me/profile/interests")
async def show_interests(visit: Volunteer, kept: KeptAnswers) -> Response:
    """Show the form of what one can and likes to do, and where one lives."""
    held = await unless_away(visit.calls.read(queries.OWN_DATA))
    shown = {"chosen": held.services, "skills": held.skills, "community": held.community or ""} if held else {}
    places = await communities(visit.calls, kept, visit.district)
    return visit.page("own_data/interests.html", held=held, **shown, communities=places, faults={})


@router.post("/me/profile/interests")
async def change_interests(
    visit: Volunteer,
    kept: KeptAnswers,
    services: Annotated[list[str] | None, Form()] = None,
    skills: Annotated[list[str] | None, Form()] = None,
    community: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Say anew what one can and likes to do, and where one lives."""
    body = {"skills": (skills or [])[:50], "services": (services or [])[:50], "community": community.strip()}
    try:
        await visit.calls.change(queries.CHANGE_PROFILE, body)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        shown = {"held": True, "chosen": body["services"], "skills": body["skills"], "community": body["community"]}
        shown |= {"communities": await communities(visit.calls, kept, visit.district), "faults": faults_of(refused)}
        return visit.page("own_data/interests.html", refused.status, **shown)
    return visit.go("/me/profile?done=interests")


@router.get("/me/profile/corrections")
async def show_corrections(visit: Volunteer, done: str = "") -> Response:
    """Show the form for having something put right, and what became of what was asked before."""
    return await _corrections(visit, CorrectionForm(), done=done)


@router.post("/me/profile/corrections")
async def ask_for_correction(visit: Volunteer, form: Annotated[CorrectionForm, Form()]) -> Response:
    """Ask the office to put something right."""
    body = form.model_dump(exclude={"key"})
    try:
        await visit.calls.change(queries.ASK, body, key=form.key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _corrections(visit, form, refused)
    return visit.go("/me/profile/corrections?done=asked")


async def _corrections(
    visit: Visit, form: CorrectionForm, refused: RefusedByServiceError | None = None, done: str = ""
) -> Response:
    asked = await unless_away(visit.calls.read(queries.CORRECTIONS))
    faults = faults_of(refused) if refused else {}
    status = refused.status if refused else 200
    return visit.page("own_data/corrections.html", status, asked=asked, form=form, faults=faults, done=done)


@router.get("/me/profile/access")
async def show_access(visit: Volunteer, cursor: Cursor = None) -> Response:
    """Show who has read what is on file of oneself, when and why."""
    found = await unless_away(visit.calls.read(queries.ACCESSES, cursor=cursor, limit=30))
    return visit.page("own_data/access.html", found=found, first=cursor is None)


@router.get("/me/profile/closing")
async def show_closing(visit: Volunteer) -> Response:
    """Say what ending one's registration does, and ask; first, once more, who one is."""
    if not await stepped_up_lately(visit):
        return visit.page("own_data/confirm.html", then="/me/profile/closing")
    return await _closing(visit)


@router.post("/me/profile/closing")
async def end_registration(
    visit: Volunteer, store: ApiStore, sure: Annotated[str, Form()] = "", key: Annotated[str, Form()] = ""
) -> Response:
    """End one's registration, and with it this session."""
    if sure != "yes":
        return await _closing(visit, unsure=True)
    try:
        await visit.calls.change(queries.END, key=key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _closing(visit, refused)
    if visit.cookie:
        async with store.transaction(visit.cookie.district) as tx:
            await repository.delete(tx, visit.cookie)
    return visit.go("/left")


@router.get("/left")
async def show_left(visit: Public) -> Response:
    """Say goodbye, and what stays."""
    return visit.page("own_data/left.html")


async def _closing(visit: Visit, refused: RefusedByServiceError | None = None, *, unsure: bool = False) -> Response:
    held, hours = await asyncio.gather(
        unless_away(visit.calls.read(queries.OWN_DATA)), unless_away(visit.calls.read(queries.HOURS))
    )
    status = refused.status if refused else 422 if unsure else 200
    faults = faults_of(refused) if refused else {}
    return visit.page("own_data/closing.html", status, held=held, hours=hours, faults=faults, unsure=unsure)


@router.get("/staff/corrections")
async def list_corrections(visit: Centre, cursor: Cursor = None, done: str = "") -> Response:
    """Show what volunteers want put right; what is due first is at the top."""
    found = await unless_away(visit.calls.read(queries.TO_DECIDE, cursor=cursor, limit=30))
    return visit.page("own_data/to_decide.html", found=found, done=done)


@router.post("/staff/corrections/{correction_id}")
async def open_correction(visit: Centre, correction_id: str, number: ShortText = "") -> Response:
    """Show what is asked for and what is on file, in clear; of a minor's data one asks for another's approval first."""
    try:
        return await _opened(visit, id_of(correction_id))
    except RefusedByServiceError as refused:
        if not refused.has("approval_needed"):
            raise
    return visit.go(f"/staff/minor-readings/new?{urlencode({'purpose': 'correction', 'number': number})}")


@router.post("/staff/corrections/{correction_id}/{answer}")
async def answer_correction(
    visit: Centre,
    correction_id: str,
    answer: Literal["accept", "refuse"],
    words: Annotated[str, Form(max_length=5000)] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Put it right, or say why not."""
    found = id_of(correction_id)
    body = {"accepted": answer == "accept", "answer": words.strip()}
    try:
        await visit.calls.change(queries.ANSWER, body, key=key or None, correction_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("not_found") or refused.has("not_open"):
            raise
        return await _opened(visit, found, refused, words)
    return visit.go(f"/staff/corrections?done={answer}")


async def _opened(
    visit: Visit, correction_id: UUID, refused: RefusedByServiceError | None = None, words: str = ""
) -> Response:
    opened = await visit.calls.change(queries.OPEN, correction_id=correction_id)
    faults = faults_of(refused) if refused else {}
    return visit.page("own_data/decide.html", refused.status if refused else 200, one=opened, faults=faults, said=words)
