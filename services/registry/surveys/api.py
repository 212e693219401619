"""Surveys of needs over HTTP, for staff: the office makes them, stations enter what their community answers."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.surveys import queries
from services.registry.surveys.commands import (
    AnswerEntered,
    AnswerTakenBack,
    SurveyEnded,
    SurveyMade,
    end_survey,
    enter_sheet,
    make_survey,
    take_back_sheet,
)
from services.registry.surveys.domain import Answer
from services.registry.surveys.queries import SheetView, SurveySummary, SurveyView
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1/need-surveys", tags=["surveys"])

MOST_COMMUNITIES = 1000
MOST_THEMES = 50
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
Editor = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER]))]
Reader = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=[Role.STATION_MANAGER]))]
Code = Annotated[str, Field(max_length=50)]


class SurveyForm(BaseModel):
    """What is asked from which day to which; in every community where ``asked_in`` names none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "三月社区需求调查",
                    "starts_on": "2027-03-01",
                    "ends_on": "2027-03-15",
                    "themes": ["elderly", "tutoring", "health"],
                    "asked_in": [],
                }
            ]
        }
    )

    title: Annotated[Line, Field(max_length=500)] = ""
    starts_on: date
    ends_on: date
    themes: Annotated[list[Code], Field(max_length=MOST_THEMES)] = []
    asked_in: Annotated[list[Code], Field(max_length=MOST_COMMUNITIES)] = []


class SheetForm(BaseModel):
    """How many people of a community were asked, and how many of them need each theme; left out is none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"community": "510115001040", "answered": 40, "by_theme": {"elderly": 20, "tutoring": 12}}]
        }
    )

    community: Code = ""
    answered: int = 1
    by_theme: Annotated[dict[Code, int], Field(max_length=MOST_THEMES)] = {}


class TakingBackForm(BaseModel):
    """Why a sheet counts no more; whoever sees the sheet reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "同一批问卷填报了两次"}]})

    reason: Paragraphs = ""


@router.get("")
async def list_surveys(store: ApiStore, caller: Reader, page: RequestedPage) -> Page[SurveySummary]:
    """List surveys with how far each has come, the last made first."""
    (before,) = page.position(int) or (None,)
    async with store.transaction(caller.district) as tx:
        found = await queries.surveys(tx, caller.district, before, page.limit + 1)
    return Page.of(found, page.limit, lambda survey: (str(survey.number),))


@router.post("", status_code=201, response_model=SurveyMade)
async def make(form: SurveyForm, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Make a survey of needs; it opens and closes by its days."""
    async with store.transaction(caller.district) as tx:
        days = form.starts_on, form.ends_on
        command = partial(make_survey, tx, caller, form.title, days, form.themes, form.asked_in)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/{survey_id}")
async def show_survey(survey_id: UUID, store: ApiStore, caller: Reader) -> SurveyView:
    """Show what a survey has found until now; a manager is shown the communities of their stations."""
    async with store.transaction(caller.district) as tx:
        return await queries.find_survey(tx, caller, survey_id)


@router.post("/{survey_id}/answers", status_code=201, response_model=AnswerEntered)
async def answer(survey_id: UUID, form: SheetForm, store: ApiStore, caller: Editor, key: IdempotencyKey) -> Response:
    """Enter what people of a community have answered; a manager does for the communities of their stations."""
    async with store.transaction(caller.district) as tx:
        sheet = Answer(form.community, form.answered, form.by_theme)
        return await idempotent(tx, caller, key, 201, partial(enter_sheet, tx, caller, survey_id, sheet))


@router.post("/{survey_id}/ending", response_model=SurveyEnded)
async def end(survey_id: UUID, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """End a survey today, before its last day; what it has found until now is told."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(end_survey, tx, caller, survey_id))


@router.get("/{survey_id}/sheets")
async def list_sheets(survey_id: UUID, store: ApiStore, caller: Reader, page: RequestedPage) -> Page[SheetView]:
    """List the sheets of a survey, the last entered first; a manager those of the communities of their stations."""
    (before,) = page.position(UUID) or (None,)
    async with store.transaction(caller.district) as tx:
        found = await queries.sheets(tx, caller, survey_id, before, page.limit + 1)
    return Page.of(found, page.limit, lambda sheet: (str(sheet.id),))


@router.post("/{survey_id}/answers/{answer_id}/taking-back", response_model=AnswerTakenBack)
async def take_back(
    survey_id: UUID, answer_id: UUID, form: TakingBackForm, store: ApiStore, caller: Editor, key: IdempotencyKey
) -> Response:
    """Take back a sheet that was entered by mistake, with the reason; figures follow."""
    async with store.transaction(caller.district) as tx:
        command = partial(take_back_sheet, tx, caller, survey_id, answer_id, form.reason)
        return await idempotent(tx, caller, key, 200, command)
