"""Logging in by a code to one's phone.

Invariant: what is shown is the same whether or not a number is on file; who has the right code is told alone that
several people share the phone, or that the account asks for a second factor.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import BaseModel, Field

from services.portal.sessions.beginning import first_page
from services.portal.sessions.beginning import log_in as begin_and_go_on
from services.portal.sessions.dependencies import public_page
from services.portal.sessions.queries import LOG_IN_BY_PHONE, SEND_CODE, issuers
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import ShortText
from services.portal.shell.kept import Kept
from services.portal.shell.look import local_path
from shared.http.upstream import RefusedByServiceError

router = APIRouter(prefix="/log-in/phone", include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
_UNAUTHORIZED, _TOO_MANY = 401, 429


class PhoneForm(BaseModel):
    """What somebody types who logs in by phone. ``do``: have a code sent, or log in by it."""

    phone: ShortText = ""
    phone_code: ShortText = ""
    user_name: ShortText = ""
    code: ShortText = ""
    sent: ShortText = ""
    do: ShortText = "code"
    then: Annotated[str, Field(max_length=2000)] = ""


@router.get("")
async def show_log_in_by_phone(visit: Public, kept: KeptAnswers, then: str = "") -> Response:
    """Ask for the phone number; whoever is logged in already goes on."""
    if visit.session:
        return visit.go(local_path(then) if then else first_page(visit.session.roles))
    return await _page(visit, kept, PhoneForm(then=then))


@router.post("")
async def log_in_by_phone(
    request: Request, visit: Public, kept: KeptAnswers, form: Annotated[PhoneForm, Form()]
) -> Response:
    """Have a code sent, or begin a session by it."""
    try:
        if form.do == "code":
            await visit.calls.change(SEND_CODE, {"purpose": "log_in", "channel": "sms", "to": form.phone})
            return await _page(visit, kept, form, sent=True)
        answer = await visit.calls.change(
            LOG_IN_BY_PHONE,
            form.model_dump(include={"phone", "phone_code", "user_name", "code"}),
            headers={"User-Agent": request.headers.get("user-agent", "")},
        )
    except RefusedByServiceError as refused:
        went_lately = refused.has("too_often") and any(fault.get("field") == "to" for fault in refused.faults)
        return await _page(visit, kept, form, sent=form.sent == "1" or went_lately, refused=refused)
    return await begin_and_go_on(visit, answer, form.then)


async def _page(
    visit: Visit, kept: Kept, form: PhoneForm, *, sent: bool = False, refused: RefusedByServiceError | None = None
) -> Response:
    shown: dict[str, Any] = {"form": form, "then": local_path(form.then) if form.then else "", "sent": sent}
    shown |= {"refused": refused, "asks_code": bool(form.code), "asks_name": bool(form.user_name)}
    if refused is not None:
        shown["asks_code"] |= refused.has("second_factor")
        shown["asks_name"] |= any(fault.get("field") == "user_name" for fault in refused.faults)
    shown["issuers"] = await issuers(visit.calls, kept, visit.look.language)
    status = 200 if refused is None else refused.status if refused.status == _TOO_MANY else _UNAUTHORIZED
    return visit.page("sessions/log_in_by_phone.html", status, **shown)
