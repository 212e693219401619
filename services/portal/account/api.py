"""Settings: how pages are shown, for everybody; the password and the devices of an account."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from services.portal.account import queries
from services.portal.sessions.dependencies import page_for, public_page
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import faults_of
from services.portal.shell.look import uuid_of
from shared.contracts.actor import Role
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(prefix="/settings", include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Account = Annotated[Visit, Depends(page_for(own=Role))]
Text = Annotated[str, Form(max_length=500)]


@router.get("")
async def show_settings(visit: Public, done: str = "") -> Response:
    """Show how pages can be shown, and what one can do about one's account."""
    devices = await unless_away(visit.calls.read(queries.DEVICES)) if visit.session else []
    return visit.page("account/settings.html", devices=devices, done=done)


@router.get("/password")
async def show_password_form(visit: Account) -> Response:
    """Show the form for a new password."""
    return visit.page("account/password.html", faults={})


@router.post("/password")
async def change_password(visit: Account, old_password: Text = "", new_password: Text = "") -> Response:
    """Change the password; whatever else was logged in has ended then."""
    body = {"old_password": old_password, "new_password": new_password}
    try:
        await visit.calls.change(queries.CHANGE_PASSWORD, body)
    except RefusedByServiceError as refused:
        if refused.has("session_ended") or not refused.faults:
            raise
        return visit.page("account/password.html", refused.status, faults=faults_of(refused))
    return visit.go("/settings?done=password")


@router.post("/devices/{session_id}/end")
async def end_device(visit: Account, session_id: str) -> Response:
    """Log out somewhere else."""
    found = uuid_of(session_id)
    if found is None:
        raise ProblemError(404, "not-found")
    await visit.calls.change(queries.END_DEVICE, session_id=found)
    return visit.go("/settings?done=device")


@router.post("/devices/end")
async def end_other_devices(visit: Account) -> Response:
    """Log out everywhere else."""
    await visit.calls.change(queries.END_OTHER_DEVICES)
    return visit.go("/settings?done=device")
