"""Agreements between universities and stations: seen by staff, entered and ended by the office."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response
from pydantic import BaseModel

from services.portal.network import queries
from services.portal.network.shown import has
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import SEE_TREE, Visit
from services.portal.shell.clocks import read_day
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of, uuid_of
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(prefix="/staff/network/agreements", include_in_schema=False)

LookerOrGuide = Annotated[Visit, Depends(page_for(*SEE_TREE, units=[Role.GUIDE]))]
Office = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]


class AgreementForm(BaseModel):
    """An agreement as it was signed; the units by their ids."""

    organisation_id: ShortText = ""
    station_id: ShortText = ""
    starts_on: ShortText = ""
    ends_on: ShortText = ""
    students: ShortText = ""
    purpose: LongText = ""
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return what is missing, no day or no number, each field with its sentence."""
        found: dict[str, Code] = {}
        for field in ("organisation_id", "station_id"):
            if uuid_of(getattr(self, field)) is None:
                found[field] = Code.MISSING
        for field in ("starts_on", "ends_on"):
            typed = getattr(self, field)
            if read_day(typed) is None:
                found[field] = Code.DATE if typed else Code.MISSING
        if whole(self.students) is None:
            found["students"] = Code.WHOLE_NUMBER if self.students else Code.MISSING
        return {field: Fault("", code).message(language) for field, code in found.items()}

    def body(self) -> dict[str, object]:
        """Return it as registry wants it."""
        said = self.model_dump(include={"organisation_id", "station_id", "starts_on", "ends_on", "purpose"})
        return {**said, "students": whole(self.students)}


@router.get("")
async def list_agreements(
    visit: LookerOrGuide, cursor: Annotated[str | None, Query(max_length=500)] = None, done: str = ""
) -> Response:
    """List the agreements."""
    return await _list(visit, cursor=cursor, done=done)


@router.get("/new")
async def show_form(
    visit: Office,
    kept: KeptAnswers,
    organisation: Annotated[str, Query(max_length=50)] = "",
    station: Annotated[str, Query(max_length=50)] = "",
) -> Response:
    """Show the form of an agreement, with a unit chosen where one is named."""
    return await _form(visit, kept, AgreementForm(organisation_id=organisation, station_id=station))


@router.post("/new")
async def enter(visit: Office, kept: KeptAnswers, form: Annotated[AgreementForm, Form()]) -> Response:
    """Put an agreement on file."""
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            await visit.calls.change(queries.ENTER_AGREEMENT, form.body(), key=form.key or None)
            return visit.go("/staff/network/agreements?done=entered")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request:
                raise
            faults = faults_of(refused)
    return await _form(visit, kept, form, faults)


@router.post("/{agreement_id}/ending")
async def end(
    visit: Office,
    agreement_id: str,
    reason: Annotated[LongText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """End an agreement today, with the reason."""
    found = id_of(agreement_id)
    try:
        await visit.calls.change(queries.END_AGREEMENT, {"reason": reason}, key=key or None, agreement_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _list(visit, refused=refused, about=(found, reason))
    return visit.go("/staff/network/agreements?done=ended")


async def _list(
    visit: Visit,
    *,
    cursor: str | None = None,
    done: str = "",
    refused: RefusedByServiceError | None = None,
    about: tuple[UUID | None, str] = (None, ""),
) -> Response:
    """Show agreements; ``about``: which one was refused to be ended, and what was typed."""
    found = await unless_away(visit.calls.read(queries.AGREEMENTS, cursor=cursor, limit=queries.A_PAGE))
    return visit.page(
        "network/agreements.html",
        refused.status if refused else 200,
        found=found,
        is_office=has(visit, Role.DISTRICT_ADMIN),
        about=about,
        faults=faults_of(refused) if refused else {},
        done=done,
    )


async def _form(visit: Visit, kept: KeptAnswers, form: AgreementForm, faults: dict[str, str] | None = None) -> Response:
    return visit.page(
        "network/new_agreement.html",
        422 if faults else 200,
        form=form,
        faults=faults or {},
        choices=await queries.choices(visit.calls, kept, visit.district),
    )
