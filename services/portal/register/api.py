"""Becoming a volunteer, and a new password by a code.

Invariant: the pages look and answer the same whoever is on file already; registry tells it to nobody but the holder of
the phone.
"""

from dataclasses import fields
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from pydantic import BaseModel, Field

from services.portal.register import queries
from services.portal.register.domain import LAST, STEPS, Typed, step_of
from services.portal.register.queries import ConsentText
from services.portal.sessions.dependencies import public_page
from services.portal.sessions.queries import SEND_CODE
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import ShortText, faults_of
from shared.http.upstream import RefusedByServiceError

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Text = Annotated[str, Form(max_length=500)]


class RegisterForm(BaseModel):
    """Everything that a step's form holds: what was typed before in hidden fields, and what is to be done."""

    name: ShortText = ""
    gender: ShortText = ""
    id_number: ShortText = ""
    category: ShortText = ""
    community: ShortText = ""
    phone: ShortText = ""
    services: list[ShortText] = Field([], max_length=20)
    consents: list[ShortText] = Field([], max_length=20)
    password: str = Field("", max_length=500, repr=False)
    code: ShortText = ""
    step: ShortText = "1"
    do: ShortText = "next"
    key: ShortText = ""

    def typed(self) -> Typed:
        """Return what was typed."""
        return Typed(**self.model_dump(include={field.name for field in fields(Typed)}))


@router.get("/register")
async def show_register(visit: Public) -> Response:
    """Show the first step."""
    return await _step(visit, 1, Typed())


@router.post("/register")
async def register(visit: Public, form: Annotated[RegisterForm, Form()]) -> Response:
    """Look at a step and go on to the next, back, have a code sent, or register."""
    number = int(form.step) if form.step in ("1", "2", "3", "4") else 1
    typed = form.typed()
    if form.do == "back":
        return await _step(visit, max(number - 1, 1), typed)
    if form.do == "code":
        return await _send_code(visit, typed)
    texts = await visit.calls.read(queries.CONSENT_TEXTS)
    body = typed.body(visit.district, visit.look.language, {text.purpose: text.version for text in texts})
    try:
        if number < LAST:
            await visit.calls.change(queries.CHECK, {**body, "fields": list(STEPS[number - 1])})
            return await _step(visit, number + 1, typed, texts=texts)
        done = await visit.calls.change(queries.REGISTER, {**body, "code": form.code}, key=form.key or None)
    except RefusedByServiceError as refused:
        faults = faults_of(refused)
        at = number if number < LAST else step_of(faults)
        return await _step(visit, at, typed, texts=texts, faults=faults, status=refused.status, sent=number == LAST)
    return visit.page("register/done.html", done=done)


@router.get("/forgotten")
async def show_forgotten(visit: Public) -> Response:
    """Show the form for a new password."""
    return visit.page("register/forgotten.html", user_name="", phone="", sent=False, faults={})


@router.post("/forgotten")
async def reset_password(
    visit: Public,
    user_name: Text = "",
    phone: Text = "",
    code: Text = "",
    password: Text = "",
    do: Text = "code",
) -> Response:
    """Have a code sent to the phone on file, or set the new password by it."""
    shown = {"user_name": user_name, "phone": phone, "sent": True, "faults": {}}
    try:
        if do == "code":
            asked = {"purpose": "password_reset", "channel": "sms", "to": phone.strip(), "user_name": user_name.strip()}
            await visit.calls.change(SEND_CODE, asked)
            return visit.page("register/forgotten.html", **shown)
        body = {"user_name": user_name.strip(), "code": code.strip(), "new_password": password}
        await visit.calls.change(queries.RESET_PASSWORD, body)
    except RefusedByServiceError as refused:
        shown |= {"faults": faults_of(refused), "sent": do != "code"}
        return visit.page("register/forgotten.html", refused.status, **shown)
    return visit.go("/log-in?new-password=1")


async def _send_code(visit: Visit, typed: Typed) -> Response:
    try:
        await visit.calls.change(SEND_CODE, {"purpose": "register", "channel": "sms", "to": typed.phone})
    except RefusedByServiceError as refused:
        faults = faults_of(refused)
        if "to" in faults:
            faults["phone"] = faults.pop("to")
        return await _step(visit, LAST, typed, faults=faults, status=refused.status)
    return await _step(visit, LAST, typed, sent=True)


async def _step(
    visit: Visit,
    number: int,
    typed: Typed,
    *,
    texts: list[ConsentText] | None = None,
    faults: dict[str, str] | None = None,
    status: int = 200,
    sent: bool = False,
) -> Response:
    texts = texts or await visit.calls.read(queries.CONSENT_TEXTS)
    shown = {"step": number, "last": LAST, "typed": typed, "texts": texts, "faults": faults or {}, "sent": sent}
    return visit.page("register/register.html", status, **shown)
