"""Surveys of needs as pages for everybody: no log-in, and nothing is asked of who answers."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.sessions.dependencies import public_page
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import faults_of
from services.portal.shell.ids import id_of
from services.portal.surveys import queries
from services.portal.surveys.forms import AnswerForm
from shared.contracts.faults import Code
from shared.http.upstream import RefusedByServiceError

router = APIRouter(prefix="/needs", include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Community = Annotated[str, Query(max_length=50)]


@router.get("")
async def list_open_surveys(visit: Public, kept: KeptAnswers) -> Response:
    """List the surveys that anybody may answer today."""
    return visit.page("surveys/open.html", found=await queries.open_surveys(visit.calls, kept, visit.district))


@router.get("/{survey_id}")
async def show_survey(
    visit: Public, kept: KeptAnswers, survey_id: str, community: Community = "", done: str = ""
) -> Response:
    """Show the form of a survey, of a community where one is named."""
    return await _form(visit, kept, survey_id, AnswerForm(community=community), done=done)


@router.post("/{survey_id}")
async def answer(visit: Public, kept: KeptAnswers, survey_id: str, form: Annotated[AnswerForm, Form()]) -> Response:
    """Take in what one person needs."""
    found = id_of(survey_id)
    try:
        await visit.calls.change(queries.ANSWER, form.body(visit.district), key=form.key or None, survey_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        kept.forget(queries.OPEN, visit.district)
        return await _form(visit, kept, survey_id, form, refused)
    return visit.go(f"/needs/{found}?done=thanks&community={quote(form.community)}")


async def _form(
    visit: Visit,
    kept: KeptAnswers,
    survey_id: str,
    form: AnswerForm,
    refused: RefusedByServiceError | None = None,
    done: str = "",
) -> Response:
    wanted = id_of(survey_id)
    found = await queries.open_surveys(visit.calls, kept, visit.district)
    survey = next((one for one in found or () if one.id == wanted), None)
    is_over = found is not None and survey is None
    return visit.page(
        "surveys/answer.html",
        refused.status if refused else 404 if is_over else 200,
        is_away=found is None,
        survey=survey,
        form=form,
        faults=faults_of(refused) if refused else {},
        too_often=bool(refused and refused.has(Code.TOO_OFTEN)),
        done=done,
    )
