"""Settings: how pages are shown, for everybody; password, devices and points of contact of an account."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from services.portal.account import queries
from services.portal.sessions import repository
from services.portal.sessions.dependencies import page_for, public_page, stepped_up_lately
from services.portal.sessions.queries import OWN_ACCOUNT, SEND_CODE, issuers
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.dependencies import ApiStore
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.engine import Store
from shared.store.event_log import now

router = APIRouter(prefix="/settings", include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Account = Annotated[Visit, Depends(page_for(own=Role))]
Text = Annotated[str, Form(max_length=500)]
CHANNELS = {"phone": "sms", "mail": "mail"}
"""How a code goes to each point of contact."""


@router.get("")
async def show_settings(visit: Public, kept: KeptAnswers, done: str = "") -> Response:
    """Show how pages can be shown, and what one can do about one's account."""
    if not visit.session:
        return visit.page("account/settings.html", devices=[], own=None, done=done, issuers={})
    devices, own, known = await asyncio.gather(
        unless_away(visit.calls.read(queries.DEVICES)),
        unless_away(visit.calls.read(OWN_ACCOUNT)),
        issuers(visit.calls, kept, visit.look.language),
    )
    return visit.page("account/settings.html", devices=devices, own=own, done=done, issuers=known)


@router.get("/password")
async def show_password_form(visit: Account, first: str = "") -> Response:
    """Show the form for a new password."""
    return visit.page("account/password.html", faults={}, is_first=first == "1")


@router.post("/password")
async def change_password(
    visit: Account, store: ApiStore, old_password: Text = "", new_password: Text = ""
) -> Response:
    """Change the password; whatever else was logged in has ended then, and so has the token of this session."""
    body = {"old_password": old_password, "new_password": new_password}
    try:
        await visit.calls.change(queries.CHANGE_PASSWORD, body)
    except RefusedByServiceError as refused:
        if refused.has("session_ended") or not refused.faults:
            raise
        return visit.page("account/password.html", refused.status, faults=faults_of(refused), is_first=False)
    await _get_newer_tokens(visit, store)
    return visit.go("/settings?done=password")


@router.get("/second-factor")
async def show_second_factor(visit: Account) -> Response:
    """Say what a second factor is, and ask whether to begin, or to do without it."""
    own = await unless_away(visit.calls.read(OWN_ACCOUNT))
    return visit.page("account/second_factor.html", begun=None, own=own, faults={})


@router.post("/second-factor/remove")
async def remove_second_factor(visit: Account, store: ApiStore) -> Response:
    """Do without a second factor from now on, or before setting up another."""
    await visit.calls.change(queries.REMOVE_FACTOR)
    await _get_newer_tokens(visit, store)
    return visit.go("/settings?done=factor")


@router.post("/second-factor")
async def begin_second_factor(visit: Account) -> Response:
    """Show the secret that goes into an authenticator app, as a code to scan and in letters."""
    begun = await visit.calls.change(queries.BEGIN_FACTOR)
    return visit.page("account/second_factor.html", begun=begun, own=None, faults={})


@router.post("/second-factor/confirm")
async def confirm_second_factor(
    visit: Account, store: ApiStore, code: Text = "", secret: Text = "", uri: Text = ""
) -> Response:
    """Set it up by the first code that the app shows, and hand out the recovery codes, once."""
    try:
        done = await visit.calls.change(queries.CONFIRM_FACTOR, {"code": code.strip()})
    except RefusedByServiceError as refused:
        if refused.has("session_ended") or not refused.faults:
            raise
        begun = queries.BegunFactor(secret=secret, otpauth_uri=uri)
        shown = {"begun": begun, "own": None, "faults": faults_of(refused)}
        return visit.page("account/second_factor.html", refused.status, **shown)
    await _get_newer_tokens(visit, store)
    return visit.page("account/recovery_codes.html", codes=done.recovery_codes)


@router.get("/contact")
async def show_contact(visit: Volunteer) -> Response:
    """Show where one is reached, and the way to change it."""
    return visit.page("account/contact.html", own=await unless_away(visit.calls.read(OWN_ACCOUNT)))


@router.get("/contact/{point}")
async def show_contact_form(visit: Volunteer, point: str) -> Response:
    """Ask for the new number or address; first, once more, who one is."""
    if point not in CHANNELS:
        raise ProblemError(404, "not-found")
    if not await stepped_up_lately(visit):
        return visit.go(f"/step-up?then=/settings/contact/{point}")
    return visit.page("account/contact_form.html", point=point, to="", sent=False, faults={})


@router.post("/contact/{point}")
async def change_contact(visit: Volunteer, point: str, to: Text = "", code: Text = "", do: Text = "code") -> Response:
    """Have a code sent to the new number or address, or take it; the old one is told."""
    if point not in CHANNELS:
        raise ProblemError(404, "not-found")
    shown = {"point": point, "to": to.strip()}
    try:
        if do == "code":
            body = {"purpose": "contact", "channel": CHANNELS[point], "to": to.strip()}
            await visit.calls.change(SEND_CODE, body)
            return visit.page("account/contact_form.html", **shown, sent=True, faults={})
        await visit.calls.change(queries.CHANGE_CONTACT, {point: to.strip(), "code": code.strip()})
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        faults = {"to" if field == point else field: said for field, said in faults_of(refused).items()}
        return visit.page("account/contact_form.html", refused.status, **shown, sent=do != "code", faults=faults)
    return visit.go("/settings?done=contact")


@router.post("/devices/{session_id}/end")
async def end_device(visit: Account, session_id: str) -> Response:
    """Log out somewhere else."""
    await visit.calls.change(queries.END_DEVICE, session_id=id_of(session_id))
    return visit.go("/settings?done=device")


@router.post("/devices/end")
async def end_other_devices(visit: Account) -> Response:
    """Log out everywhere else."""
    await visit.calls.change(queries.END_OTHER_DEVICES)
    return visit.go("/settings?done=device")


async def _get_newer_tokens(visit: Visit, store: Store) -> None:
    """Let the next request of this session get a newer token: what the old one was good for has changed."""
    if visit.cookie:
        async with store.transaction(visit.cookie.district) as tx:
            await repository.end_access(tx, visit.cookie, now())
