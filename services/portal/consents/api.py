"""One's own consents, a minor's guardian with an account and without, and the desk: minors, what rosters rest on.

Invariant: taking back asks for nothing that agreeing does not (PIPL art. 15).
"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response
from pydantic import BaseModel

from services.portal.consents import queries
from services.portal.sessions.dependencies import page_for, public_page
from services.portal.sessions.queries import SEND_CODE
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Desk = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, Role.AUDITOR))]
_A_PAGE = 50
Purpose = Literal["service", "id_number", "notices", "proposals", "publicity"]


@router.get("/me/consents")
async def show_consents(visit: Volunteer, done: str = "", about: str = "") -> Response:
    """Show what one's data may be handled for, and what can be taken back."""
    return await _page(visit, done=done, about=about)


@router.post("/me/consents/{purpose}/{answer}")
async def state_consent(
    visit: Volunteer,
    purpose: Purpose,
    answer: Literal["agree", "take-back"],
    version: Annotated[ShortText, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Agree to a purpose, or take that back."""
    body = {"text_version": version, "given": answer == "agree"}
    try:
        await visit.calls.change(queries.STATE_CONSENT, body, key=key or None, purpose=purpose)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _page(visit, refused=refused)
    return visit.go(f"/me/consents?done={answer}&about={purpose}")


async def _page(
    visit: Visit, done: str = "", about: str = "", refused: RefusedByServiceError | None = None
) -> Response:
    found = await unless_away(visit.calls.read(queries.MY_CONSENTS))
    status = refused.status if refused else 200
    return visit.page("consents/consents.html", status, found=found, done=done, about=about, refused=refused)


class GuardianForm(BaseModel):
    """A minor's guardian, as typed."""

    guardian_name: ShortText = ""
    guardian_phone: ShortText = ""
    guardian_code: ShortText = ""
    version: ShortText = ""
    do: ShortText = "code"
    key: ShortText = ""


@router.get("/me/guardian")
async def show_guardian(visit: Volunteer, done: str = "") -> Response:
    """Show whether one needs a guardian's consent, and the form by which they give it."""
    return await _guardian(visit, GuardianForm(), done=done)


@router.post("/me/guardian")
async def agree_as_guardian(visit: Volunteer, form: Annotated[GuardianForm, Form()]) -> Response:
    """Have a code sent to the guardian's phone, or have them agree by it."""
    try:
        if form.do == "code":
            asked = {"purpose": "guardian", "channel": "sms", "to": form.guardian_phone}
            await visit.calls.change(SEND_CODE, asked)
            return await _guardian(visit, form, sent=True)
        body = form.model_dump(include={"guardian_name", "guardian_phone", "guardian_code"})
        body["guardian_text_version"] = form.version
        await visit.calls.change(queries.AGREE_AS_GUARDIAN, body, key=form.key or None)
    except RefusedByServiceError as refused:
        faults = faults_of(refused)
        if "to" in faults:
            faults["guardian_phone"] = faults.pop("to")
        return await _guardian(visit, form, faults=faults, status=refused.status, sent=form.do != "code")
    return visit.go("/me/guardian?done=agreed")


async def _guardian(
    visit: Visit,
    form: GuardianForm,
    *,
    faults: dict[str, str] | None = None,
    status: int = 200,
    sent: bool = False,
    done: str = "",
) -> Response:
    own = await unless_away(visit.calls.read(queries.MY_GUARDIAN))
    shown = {"own": own, "form": form, "faults": faults or {}, "sent": sent, "done": done}
    return visit.page("consents/guardian.html", status, **shown)


class TakingBack(BaseModel):
    """A guardian who takes their consent back, as typed."""

    volunteer_number: ShortText = ""
    guardian_phone: ShortText = ""
    code: ShortText = ""
    do: ShortText = "code"
    key: ShortText = ""


@router.get("/guardian")
async def show_taking_back(visit: Public, done: str = "") -> Response:
    """Show a guardian, who needs no account, the form by which they take their consent back."""
    return _taking_back(visit, TakingBack(), done=done)


@router.post("/guardian")
async def take_back_as_guardian(visit: Public, form: Annotated[TakingBack, Form()]) -> Response:
    """Have a code sent to the guardian's phone, or take the consent back by it."""
    try:
        if form.do == "code":
            asked = {"purpose": "guardian_takes_back", "channel": "sms", "to": form.guardian_phone}
            await visit.calls.change(SEND_CODE, asked)
            return _taking_back(visit, form, sent=True)
        body = form.model_dump(include={"volunteer_number", "guardian_phone", "code"}) | {"district": visit.district}
        await visit.calls.change(queries.TAKE_BACK_AS_GUARDIAN, body, key=form.key or None)
    except RefusedByServiceError as refused:
        faults = faults_of(refused)
        if "to" in faults:
            faults["guardian_phone"] = faults.pop("to")
        return _taking_back(visit, form, faults=faults, status=refused.status, sent=form.do != "code")
    return visit.go("/guardian?done=taken-back")


def _taking_back(
    visit: Visit,
    form: TakingBack,
    *,
    faults: dict[str, str] | None = None,
    status: int = 200,
    sent: bool = False,
    done: str = "",
) -> Response:
    shown = {"form": form, "faults": faults or {}, "sent": sent, "done": done}
    return visit.page("consents/taking_back.html", status, **shown)


@router.get("/staff/minors")
async def show_minors(
    visit: Desk, cursor: str | None = None, listed: Literal["lacking", "all"] = "lacking"
) -> Response:
    """Show the district's volunteers under 18: those whose guardian has not agreed yet, or all."""
    agreed = False if listed == "lacking" else None
    found = await unless_away(visit.calls.read(queries.MINORS, cursor=cursor, agreed=agreed, limit=_A_PAGE))
    return visit.page("consents/minors.html", found=found, listed=listed)


class StatementForm(BaseModel):
    """What an organisation's consents rest on, as typed."""

    source: ShortText = ""
    statement: LongText = ""
    key: ShortText = ""


@router.get("/staff/consents/rosters/{import_id}")
async def show_statements(visit: Desk, import_id: str, done: str = "") -> Response:
    """Show what was stated of the consents of a roster's people, and the form that states it."""
    return await _statements(visit, id_of(import_id), StatementForm(), done=done)


@router.post("/staff/consents/rosters/{import_id}")
async def speak_for(visit: Centre, import_id: str, form: Annotated[StatementForm, Form()]) -> Response:
    """State that the people of a roster have consented to be registered, and what that rests on."""
    found = id_of(import_id)
    body = {"subject_id": str(found), "source": form.source, "statement": form.statement}
    try:
        await visit.calls.change(queries.SPEAK_FOR, body, key=form.key or None)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _statements(visit, found, form, refused)
    return visit.go(f"/staff/consents/rosters/{found}?done=stated")


async def _statements(
    visit: Visit, import_id: UUID, form: StatementForm, refused: RefusedByServiceError | None = None, done: str = ""
) -> Response:
    found = await unless_away(visit.calls.read(queries.STATEMENTS, subject_id=import_id))
    shown = {"import_id": import_id, "found": found, "form": form, "done": done}
    faults = faults_of(refused) if refused else {}
    return visit.page("consents/rosters.html", refused.status if refused else 200, **shown, faults=faults)
