"""A shift's roster over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.activities.attendance.roster import Roster, find_roster
from services.activities.signing_up.domain import SignUpState
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, whole_number

router = APIRouter(prefix="/v1/shifts", tags=["attendance"])

# An activity is of a station and names no team: a team leader staffs those that they have published.
Leader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]


@router.get("/{shift_id}/roster")
async def show_roster(
    shift_id: UUID,
    store: ApiStore,
    caller: Leader,
    page: RequestedPage,
    state: Annotated[list[SignUpState] | None, Query(description="may be given several times")] = None,
    last_four: Annotated[
        str | None, Query(pattern="^[0-9]{4}$", description="the last four digits of the volunteer number")
    ] = None,
) -> Roster:
    """Show who is on a shift in order of arrival, and how many there are in each state."""
    (after,) = page.position(whole_number) or (0,)
    async with store.transaction(caller.district) as tx:
        roster = await find_roster(tx, caller, shift_id, after, page.limit + 1, states=state or [], last_four=last_four)
    shown = Page.of(roster.items, page.limit, lambda entry: (str(entry.queue_number),))
    return roster.model_copy(update={"items": shown.items, "next_cursor": shown.next_cursor})
