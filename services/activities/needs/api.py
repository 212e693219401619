"""What communities need beside what is planned, over HTTP, for whoever plans activities."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.activities.needs import queries
from services.activities.needs.queries import AHEAD, AskedSurvey, NeedGaps
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage
from shared.store.event_log import now

router = APIRouter(prefix="/v1", tags=["needs"])

# Totals of communities, of which nobody's data can be read: whoever plans sees all of the district's.
Planner = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, Role.STATION_MANAGER, Role.TEAM_LEADER))
]


@router.get("/need-gaps")
async def show_gaps(store: ApiStore, caller: Planner, page: RequestedPage, survey_id: UUID | None = None) -> NeedGaps:
    """Show what a closed survey has found in each community, beside what is planned there for the next 90 days.

    Where no survey is named, it is the one that ended last.
    """
    (after,) = page.position(str) or ("",)
    until = now() + AHEAD
    async with store.transaction(caller.district) as tx:
        surveys = await queries.closed_surveys(tx, caller.district)
        chosen = survey_id or next((one.id for one in surveys), None)
        if chosen is None:
            return NeedGaps(survey=None, surveys=[], until=until, items=[])
        survey = await queries.find_survey(tx, caller.district, chosen)
        found = await queries.gaps(tx, caller.district, survey, after, page.limit + 1, until)
    shown = Page.of(found, page.limit, lambda one: (one.code,))
    return NeedGaps(
        survey=AskedSurvey.model_validate(survey, from_attributes=True),
        surveys=surveys,
        until=until,
        items=shown.items,
        next_cursor=shown.next_cursor,
    )
