"""A person's page about moving to another district, and the office's about who wants to move to theirs.

Invariant: nobody asks who has not read what comes along and what does not; who asks, and who decides, has just shown
who they are.
"""

import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response
from pydantic import BaseModel

from services.portal.moving import queries
from services.portal.sessions.dependencies import page_for, stepped_up_lately
from services.portal.sessions.visits import Visit
from services.portal.shell.districts import Districts
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Cursor = Annotated[str | None, Query(max_length=500)]


class MoveForm(BaseModel):
    """Which district one moves to, and why."""

    to_district: ShortText = ""
    reason: LongText = ""
    sure: ShortText = ""
    key: ShortText = ""


@router.get("/me/profile/moving")
async def show_moving(visit: Volunteer, done: str = "") -> Response:
    """Say what moving does, show what was asked before, and ask; first, once more, who one is."""
    return await _moving(visit, MoveForm(), done=done)


@router.post("/me/profile/moving")
async def ask_to_move(visit: Volunteer, form: Annotated[MoveForm, Form()]) -> Response:
    """Ask the office of another district to take one in."""
    if form.sure != "yes":
        return await _moving(visit, form, unsure=True)
    try:
        body = form.model_dump(include={"to_district", "reason"})
        await visit.calls.change(queries.ASK, body, key=form.key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("step_up"):
            raise
        return await _moving(visit, form, refused)
    return visit.go("/me/profile/moving?done=asked")


@router.post("/me/profile/moving/{move_id}/taking-back")
async def take_back(visit: Volunteer, move_id: str, key: Annotated[ShortText, Form()] = "") -> Response:
    """Take a request back that waits."""
    try:
        await visit.calls.change(queries.TAKE_BACK, key=key or None, move_id=id_of(move_id))
    except RefusedByServiceError as refused:
        if not refused.has("not_open"):
            raise
        return await _moving(visit, MoveForm(), refused)
    return visit.go("/me/profile/moving?done=taken_back")


async def _moving(
    visit: Visit, form: MoveForm, refused: RefusedByServiceError | None = None, *, unsure: bool = False, done: str = ""
) -> Response:
    districts: Districts = visit.request.app.state.districts
    asked, at_hand = await asyncio.gather(unless_away(visit.calls.read(queries.OWN_MOVES)), stepped_up_lately(visit))
    others = [(one.code, one.name) for one in await districts.all() if one.code != visit.district]
    shown = {"asked": asked, "others": others, "at_hand": at_hand, "form": form, "unsure": unsure, "done": done}
    status = refused.status if refused else 422 if unsure else 200
    return visit.page("moving/moving.html", status, faults=faults_of(refused) if refused else {}, **shown)


@router.get("/staff/moves")
async def list_moves(visit: Centre, cursor: Cursor = None, done: str = "") -> Response:
    """Show who wants to move here; what is due first is at the top."""
    return await _to_decide(visit, cursor=cursor, done=done)


@router.post("/staff/moves/{move_id}/{answer}")
async def answer_move(
    visit: Centre,
    move_id: str,
    answer: Literal["accept", "refuse"],
    words: Annotated[str, Form(max_length=5000)] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Take somebody in, or say why not."""
    found = id_of(move_id)
    body = {"accepted": answer == "accept", "answer": words.strip()}
    try:
        await visit.calls.change(queries.ANSWER, body, key=key or None, move_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("step_up") or refused.has("not_found"):
            raise
        return await _to_decide(visit, refused=refused, of=found, words=words)
    return visit.go(f"/staff/moves?done={answer}")


async def _to_decide(
    visit: Visit,
    *,
    cursor: str | None = None,
    done: str = "",
    refused: RefusedByServiceError | None = None,
    of: UUID | None = None,
    words: str = "",
) -> Response:
    found, at_hand = await asyncio.gather(
        unless_away(visit.calls.read(queries.MOVES, cursor=cursor, limit=30)), stepped_up_lately(visit)
    )
    shown = {"found": found, "at_hand": at_hand, "done": done, "of": of, "said": words}
    shown |= {"twice": bool(refused and refused.has("already_registered"))}
    faults = faults_of(refused) if refused else {}
    return visit.page("moving/to_decide.html", refused.status if refused else 200, faults=faults, **shown)
