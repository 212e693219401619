"""Surveys of needs as pages for staff: the list, one and what it has found, its making and end, its sheets, gaps."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import PLAN_BY_NEEDS, Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of, uuid_of
from services.portal.surveys import queries
from services.portal.surveys.forms import SheetForm, SurveyForm
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff", include_in_schema=False)

Planner = Annotated[Visit, Depends(page_for(*PLAN_BY_NEEDS))]
Reader = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, Role.AUDITOR, units=[Role.STATION_MANAGER]))]
Editor = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER]))]
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Cursor = Annotated[str | None, Query(max_length=500)]
A_PAGE = 20


@router.get("/needs")
async def show_gaps(visit: Planner, survey: str = "", cursor: Cursor = None) -> Response:
    """Show what communities need beside what is planned there."""
    chosen = uuid_of(survey)
    found = await unless_away(
        visit.calls.read(queries.GAPS, survey_id=str(chosen) if chosen else None, cursor=cursor, limit=A_PAGE)
    )
    return visit.page("surveys/gaps.html", found=found)


@router.get("/surveys")
async def list_surveys(visit: Reader, cursor: Cursor = None) -> Response:
    """List the surveys."""
    found = await unless_away(visit.calls.read(queries.SURVEYS, cursor=cursor))
    return visit.page("surveys/list.html", found=found, today=district_day(now()))


@router.get("/surveys/new")
async def show_form(visit: Centre, kept: KeptAnswers) -> Response:
    """Show the form of a survey."""
    return await _form(visit, kept, SurveyForm())


@router.post("/surveys/new")
async def make_survey(visit: Centre, kept: KeptAnswers, form: Annotated[SurveyForm, Form()]) -> Response:
    """Make a survey."""
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            made = await visit.calls.change(queries.MAKE, form.body(), key=form.key or None)
            return visit.go(f"/staff/surveys/{made.id}?done=made")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request:
                raise
            faults = faults_of(refused)
    return await _form(visit, kept, form, faults)


@router.get("/surveys/{survey_id}")
async def show_survey(visit: Reader, survey_id: str, done: str = "") -> Response:
    """Show what a survey has found until now, with the form to enter a sheet."""
    return await _survey(visit, survey_id, SheetForm(), done=done)


@router.post("/surveys/{survey_id}/answers")
async def enter(visit: Editor, survey_id: str, form: Annotated[SheetForm, Form()]) -> Response:
    """Enter what people of a community have answered."""
    found = id_of(survey_id)
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            await visit.calls.change(queries.ENTER, form.body(), key=form.key or None, survey_id=found)
            return visit.go(f"/staff/surveys/{found}?done=entered")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request:
                raise
            faults = faults_of(refused)
    return await _survey(visit, survey_id, form, faults)


@router.post("/surveys/{survey_id}/ending")
async def end(visit: Centre, survey_id: str, key: Annotated[ShortText, Form()] = "") -> Response:
    """End a survey today."""
    found = id_of(survey_id)
    try:
        await visit.calls.change(queries.END, key=key or None, survey_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _survey(visit, survey_id, SheetForm(), faults_of(refused))
    return visit.go(f"/staff/surveys/{found}?done=ended")


@router.get("/surveys/{survey_id}/sheets")
async def list_sheets(visit: Reader, survey_id: str, cursor: Cursor = None, done: str = "") -> Response:
    """List the sheets of a survey, each with the form to take it back."""
    return await _sheets(visit, survey_id, cursor=cursor, done=done)


@router.post("/surveys/{survey_id}/sheets/{sheet_id}/taking-back")
async def take_back(
    visit: Editor,
    survey_id: str,
    sheet_id: str,
    reason: Annotated[LongText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Take a sheet back that was entered by mistake, with the reason."""
    survey, sheet = id_of(survey_id), id_of(sheet_id)
    try:
        form = {"reason": reason}
        await visit.calls.change(queries.TAKE_BACK, form, key=key or None, survey_id=survey, answer_id=sheet)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _sheets(visit, survey_id, refused=refused, about=(sheet, reason))
    return visit.go(f"/staff/surveys/{survey}/sheets?done=taken-back")


async def _sheets(
    visit: Visit,
    survey_id: str,
    *,
    cursor: str | None = None,
    done: str = "",
    refused: RefusedByServiceError | None = None,
    about: tuple[UUID | None, str] = (None, ""),
) -> Response:
    """Show sheets; ``about``: which one was refused to be taken back, and what was typed."""
    found = await visit.calls.read(queries.SHEETS, survey_id=id_of(survey_id), cursor=cursor, limit=A_PAGE)
    return visit.page(
        "surveys/sheets.html",
        refused.status if refused else 200,
        survey_id=id_of(survey_id),
        found=found,
        may_take_back=_may_enter(visit),
        about=about,
        faults=faults_of(refused) if refused else {},
        done=done,
    )


def _may_enter(visit: Visit) -> bool:
    roles = visit.session.roles if visit.session else frozenset[str]()
    return not roles.isdisjoint({Role.DISTRICT_ADMIN, Role.STATION_MANAGER})


async def _form(visit: Visit, kept: KeptAnswers, form: SurveyForm, faults: dict[str, str] | None = None) -> Response:
    return visit.page(
        "surveys/new.html",
        422 if faults else 200,
        form=form,
        faults=faults or {},
        communities=await queries.communities(visit.calls, kept, visit.district),
        today=district_day(now()),
    )


async def _survey(
    visit: Visit, survey_id: str, form: SheetForm, faults: dict[str, str] | None = None, done: str = ""
) -> Response:
    survey = await visit.calls.read(queries.SURVEY, survey_id=id_of(survey_id))
    is_open = survey.takes_answers(district_day(now()))
    return visit.page(
        "surveys/survey.html",
        422 if faults else 200,
        survey=survey,
        is_open=is_open,
        may_enter=is_open and bool(survey.found) and _may_enter(visit),
        form=form,
        faults=faults or {},
        done=done,
    )
