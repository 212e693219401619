"""The activities that a caller deals with, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.activities.publishing.domain import ActivityState
from services.activities.publishing.organised import OrganisedActivity, count_organised, organised_activities
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, moment

router = APIRouter(prefix="/v1/me", tags=["activities"])

# An activity is of a station and names no team: a team leader deals with those that they have published.
Leader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]


class OrganisedActivities(BaseModel):
    """A page of the activities in one state, and how many there are in each, ``draft`` among them."""

    items: list[OrganisedActivity]
    next_cursor: str | None
    counts: dict[str, int]


@router.get("/activities")
async def list_organised(
    store: ApiStore,
    caller: Leader,
    page: RequestedPage,
    state: ActivityState = ActivityState.OPEN,
    station_id: UUID | None = None,
) -> OrganisedActivities:
    """List the activities that one deals with, in a state: to come by the next start, ended ones latest first."""
    after = page.position(moment, UUID)
    async with store.transaction(caller.district) as tx:
        counts = await count_organised(tx, caller, station_id)
        found = await organised_activities(tx, caller, state, station_id, after, page.limit + 1)
    shown = Page.of(found, page.limit, lambda each: (each.at.isoformat(), str(each.activity_id)))
    return OrganisedActivities(items=shown.items, next_cursor=shown.next_cursor, counts=counts)
