"""Surveys of needs as pages for staff: the list, one with what it has found, making one, entering a sheet, and gaps."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import PLAN_BY_NEEDS, Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import faults_of
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
    roles = visit.session.roles if visit.session else frozenset[str]()
    return visit.page(
        "surveys/survey.html",
        422 if faults else 200,
        survey=survey,
        is_open=is_open,
        may_enter=is_open and bool(survey.found) and not roles.isdisjoint({Role.DISTRICT_ADMIN, Role.STATION_MANAGER}),
        form=form,
        faults=faults or {},
        done=done,
    )
