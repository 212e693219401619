"""Checking in and out.

Invariant: looking changes nothing; a code is sent once, by a form with a key of its own.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from services.portal.check_in import queries
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Text = Annotated[str, Form(max_length=500)]


@router.get("/check-in")
async def show_check_in(visit: Volunteer, done: str = "") -> Response:
    """Show where one can check in or out now, else what is next."""
    return await _page(visit, done=done)


@router.post("/check-in")
async def check_in(visit: Volunteer, shift: Text = "", digits: Text = "", token: Text = "", key: Text = "") -> Response:
    """Check in with the six digits of the place, or with what was scanned."""
    body = {"token": token} if token else {"shift_id": shift, "digits": _digits(digits)}
    try:
        await visit.calls.change(queries.CHECK_IN, body, key=key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        if token:
            return visit.page("check_in/scanned.html", refused.status, scanned=None, refused=refused, token=token)
        return await _page(visit, refused.status, refused=refused, shift=shift)
    return visit.go("/check-in?done=in")


@router.post("/check-out")
async def check_out(visit: Volunteer, sign_up: Text = "", key: Text = "") -> Response:
    """Check out: what was given becomes a service record."""
    try:
        answer = await visit.calls.change(queries.CHECK_OUT, {"sign_up_id": sign_up}, key=key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _page(visit, refused.status, refused=refused)
    return visit.go(f"/sign-ups/{answer.sign_up_id}?done=out")


@router.post("/sign-ups/{sign_up_id}/undo")
async def undo(visit: Volunteer, sign_up_id: str, key: Text = "") -> Response:
    """Take the last tap back, within five minutes."""
    await visit.calls.change(queries.UNDO, key=key or None, sign_up_id=id_of(sign_up_id))
    return visit.go("/check-in?done=undone")


@router.get("/c/{token}")
async def show_scanned(visit: Volunteer, token: str) -> Response:
    """Show what the scanned code opens, and ask; nothing has happened yet."""
    try:
        scanned = await visit.calls.read(queries.SCANNED, token=token)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return visit.page("check_in/scanned.html", refused.status, scanned=None, refused=refused, token=token)
    return visit.page("check_in/scanned.html", scanned=scanned, refused=None, token=token, now=now())


async def _page(
    visit: Visit, status: int = 200, *, refused: RefusedByServiceError | None = None, shift: str = "", done: str = ""
) -> Response:
    at: datetime = now()
    on = await unless_away(queries.whats_on(visit.calls, at))
    return visit.page("check_in/check_in.html", status, on=on, now=at, refused=refused, shift=shift, done=done)


def _digits(typed: str) -> str:
    """Return the digits that somebody typed, whatever stands between them."""
    return "".join(character for character in typed if character.isdecimal())
