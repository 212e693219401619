"""Requests for teams: asked for, seen, answered."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Response
from pydantic import BaseModel

from services.portal.network import queries
from services.portal.network.shown import has
from services.portal.sessions.dependencies import Organiser, page_for
from services.portal.sessions.visits import SEE_TREE, Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of
from services.portal.shell.kept import Kept
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(prefix="/staff/network/formations", include_in_schema=False)

LookerOrGuide = Annotated[Visit, Depends(page_for(*SEE_TREE, units=[Role.GUIDE]))]
Answerer = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, units=[Role.GUIDE]))]


class WishForm(BaseModel):
    """A team that is asked for."""

    name: ShortText = ""
    kind: ShortText = ""
    organisation_code: ShortText = ""
    station_code: ShortText = ""
    focus_service: ShortText = ""
    purpose: LongText = ""
    key: ShortText = ""


@router.get("")
async def list_formations(
    visit: LookerOrGuide, cursor: Annotated[str | None, Query(max_length=500)] = None, done: str = ""
) -> Response:
    """Show the requests that one has made or may answer."""
    return await _list(visit, cursor=cursor, done=done)


@router.post("/{formation_id}/{answer}")
async def answer(
    visit: Answerer,
    formation_id: str,
    answer: Literal["approve", "refuse"],
    reason: Annotated[ShortText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Approve a request, or refuse it with a reason."""
    found = id_of(formation_id)
    body = {"approved": answer == "approve", "reason": reason}
    try:
        await visit.calls.change(queries.ANSWER, body, key=key or None, formation_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _list(visit, refused=refused, about=(str(found), reason))
    return visit.go(f"/staff/network/formations?done={answer}")


@router.get("/new")
async def show_form(visit: Organiser, kept: KeptAnswers) -> Response:
    """Show the form for asking for a team."""
    return await _form(visit, kept, WishForm())


@router.post("/new")
async def ask(visit: Organiser, kept: KeptAnswers, form: Annotated[WishForm, Form()]) -> Response:
    """Ask for a team."""
    try:
        await visit.calls.change(queries.ASK, form.model_dump(exclude={"key"}), key=form.key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request and not refused.faults:
            raise
        return await _form(visit, kept, form, refused)
    return visit.go("/staff/network/formations?done=asked")


async def _list(
    visit: Visit,
    *,
    cursor: str | None = None,
    done: str = "",
    refused: RefusedByServiceError | None = None,
    about: tuple[str, str] = ("", ""),
) -> Response:
    found = await unless_away(visit.calls.read(queries.FORMATIONS, cursor=cursor, limit=queries.A_PAGE))
    shown = {"found": found, "done": done, "about": about, "may_ask": visit.is_staff}
    faults = faults_of(refused) if refused else {}
    return visit.page("network/formations.html", refused.status if refused else 200, **shown, faults=faults)


async def _form(visit: Visit, kept: Kept, form: WishForm, refused: RefusedByServiceError | None = None) -> Response:
    choices = await queries.choices(visit.calls, kept, visit.district)
    shown = {"form": form, "choices": choices, "is_office": has(visit, Role.DISTRICT_ADMIN)}
    faults = faults_of(refused) if refused else {}
    return visit.page("network/new_team.html", refused.status if refused else 200, **shown, faults=faults)
