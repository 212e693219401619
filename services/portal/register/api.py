"""Becoming a volunteer, and a new password by a code.

Invariant: the pages look and answer the same whoever is on file already; registry tells it to nobody but the holder of
the phone.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from pydantic import BaseModel, Field

from services.portal.register import queries
from services.portal.register.domain import LAST, STEPS, Typed, step_of
from services.portal.register.queries import ConsentText
from services.portal.sessions.dependencies import public_page
from services.portal.sessions.queries import SEND_CODE
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.kept import Kept
from shared.contracts.faults import Code
from shared.http.upstream import RefusedByServiceError

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Text = Annotated[str, Form(max_length=500)]
_OF_PLACE = 2
"""The step that asks where somebody lives."""


class RegisterForm(BaseModel):
    """Everything that a step's form holds: what was typed before in hidden fields, and what is to be done."""

    name: ShortText = ""
    gender: ShortText = ""
    document: ShortText = ""
    id_number: ShortText = ""
    born_on: ShortText = ""
    category: ShortText = ""
    community: ShortText = ""
    phone: ShortText = ""
    services: list[ShortText] = Field([], max_length=20)
    skills: list[ShortText] = Field([], max_length=50)
    consents: list[ShortText] = Field([], max_length=20)
    password: str = Field("", max_length=500, repr=False)
    code: ShortText = ""
    guardian_name: ShortText = ""
    guardian_phone: ShortText = ""
    guardian_code: ShortText = ""
    sent: list[ShortText] = Field([], max_length=2)
    """To whom a code has gone: ``own``, ``guardian``."""
    step: ShortText = "1"
    do: ShortText = "next"
    key: ShortText = ""

    def typed(self) -> Typed:
        """Return what was typed."""
        return Typed(**self.model_dump(include={field.name for field in fields(Typed)}))


@router.get("/register")
async def show_register(visit: Public, kept: KeptAnswers) -> Response:
    """Show the first step."""
    return await _step(visit, kept, 1, Typed())


@router.post("/register")
async def register(visit: Public, kept: KeptAnswers, form: Annotated[RegisterForm, Form()]) -> Response:
    """Look at a step and go on to the next, back, have a code sent, or register."""
    number = int(form.step) if form.step in ("1", "2", "3", "4") else 1
    typed = form.typed()
    if form.do == "back":
        return await _step(visit, kept, max(number - 1, 1), typed)
    if form.do in ("own", "guardian"):
        return await _send_code(visit, kept, typed, form)
    texts = await visit.calls.read(queries.CONSENT_TEXTS)
    body = typed.body(visit.district, visit.look.language, {text.purpose: text.version for text in texts})
    try:
        if number < LAST:
            await visit.calls.change(queries.CHECK, {**body, "fields": list(STEPS[number - 1])})
            return await _step(visit, kept, number + 1, typed, texts=texts)
        codes = {"code": form.code, "guardian_code": form.guardian_code}
        done = await visit.calls.change(queries.REGISTER, {**body, **codes}, key=form.key or None)
    except RefusedByServiceError as refused:
        faults = faults_of(refused)
        at = number if number < LAST else step_of(faults)
        return await _step(visit, kept, at, typed, texts=texts, faults=faults, status=refused.status, sent=form.sent)
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


async def _send_code(visit: Visit, kept: Kept, typed: Typed, form: RegisterForm) -> Response:
    """Send a code to one's own phone, or to a minor's guardian's."""
    purpose, field = ("guardian", "guardian_phone") if form.do == "guardian" else ("register", "phone")
    try:
        await visit.calls.change(SEND_CODE, {"purpose": purpose, "channel": "sms", "to": getattr(typed, field)})
    except RefusedByServiceError as refused:
        faults = faults_of(refused)
        if "to" in faults:
            faults[field] = faults.pop("to")
        return await _step(visit, kept, LAST, typed, faults=faults, status=refused.status, sent=form.sent)
    return await _step(visit, kept, LAST, typed, sent=[*form.sent, form.do])


async def _step(
    visit: Visit,
    kept: Kept,
    number: int,
    typed: Typed,
    *,
    texts: list[ConsentText] | None = None,
    faults: dict[str, str] | None = None,
    status: int = 200,
    sent: Sequence[str] = (),
) -> Response:
    texts = texts or await visit.calls.read(queries.CONSENT_TEXTS)
    minor = number == LAST and await _is_minor(visit, typed)
    guardian = await visit.calls.read(queries.GUARDIAN_TEXT) if minor else None
    communities = await queries.communities(visit.calls, kept, visit.district) if number == _OF_PLACE else None
    shown = {"step": number, "last": LAST, "typed": typed, "texts": texts, "faults": faults or {}, "sent": sent}
    return visit.page("register/register.html", status, **shown, guardian=guardian, communities=communities)


async def _is_minor(visit: Visit, typed: Typed) -> bool:
    """Return whether registry wants a guardian's consent: only it reads the day of birth in a number."""
    body = replace(typed, guardian_name="", guardian_phone="").body(visit.district, visit.look.language, {})
    try:
        await visit.calls.change(queries.CHECK, {**body, "fields": ["guardian_phone"]})
    except RefusedByServiceError as refused:
        return refused.has(Code.GUARDIAN_NEEDED)
    return False
