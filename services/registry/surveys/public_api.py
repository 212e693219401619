"""Surveys of needs for anybody: which are open, and answering one. Nothing is asked of who answers."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from limits import RateLimitItemPerMinute
from pydantic import BaseModel, ConfigDict, Field

from services.registry.surveys import queries
from services.registry.surveys.commands import AnswerEntered, answer_in_public
from services.registry.surveys.queries import OpenSurveys
from shared.contracts.actor import Scope
from shared.http.auth import Caller, anyone
from shared.http.client_address import ClientAddress
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.public import PUBLIC_ANSWERS, PUBLIC_READ, InDistrict, public_answer
from shared.http.rates import Rates

router = APIRouter(prefix="/v1/public/need-surveys", tags=["public"])

_FROM_ADDRESS = RateLimitItemPerMinute(600, multiples=10, namespace="needs answered from")
"""As for registrations (ADR 0014): a whole campus or community centre may come from one address."""
_MOST_THEMES = 50


class AnswerForm(BaseModel):
    """What somebody needs: a community, and themes of the survey."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"district": "510115", "community": "510115001040", "themes": ["elderly", "health"]}]
        }
    )

    district: Annotated[str, Field(pattern="^[0-9]{6}$")]
    community: Annotated[str, Field(max_length=50)] = ""
    themes: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=_MOST_THEMES)] = []


async def _count(request: Request, address: ClientAddress) -> None:
    rates: Rates = request.app.state.rates
    rates.count(_FROM_ADDRESS, "", address)


@router.get("", dependencies=[*PUBLIC_READ], response_model=OpenSurveys, responses=PUBLIC_ANSWERS)
async def list_open_surveys(request: Request, store: ApiStore, district: InDistrict) -> Response:
    """List the surveys that anybody may answer today."""
    async with store.transaction(district) as tx:
        return public_answer(request, await queries.open_surveys(tx, district))


@router.post(
    "/{survey_id}/answers",
    status_code=201,
    response_model=AnswerEntered,
    dependencies=[Depends(anyone), Depends(_count)],
    responses={429: {}},
)
async def answer(survey_id: UUID, form: AnswerForm, store: ApiStore, key: IdempotencyKey) -> Response:
    """Answer a survey; the form's key makes a second press of its button the same answer."""
    async with store.transaction(form.district) as tx:
        command = partial(answer_in_public, tx, form.district, survey_id, form.community, form.themes)
        return await idempotent(tx, _anybody(form.district, survey_id), key, 201, command)


def _anybody(district: str, survey_id: UUID) -> Caller:
    """Return whoever answers: of one survey they share their idempotency keys, which their pages have drawn."""
    return Caller(name="anybody", account_id=survey_id, district=district, scope=Scope(frozenset([district])))
