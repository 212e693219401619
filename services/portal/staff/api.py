"""Pages of staff."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.staff import queries
from shared.contracts.actor import Role
from shared.http.upstream import unless_away

router = APIRouter(prefix="/staff", include_in_schema=False)

Staff = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))]


@router.get("")
async def show_today(visit: Staff) -> Response:
    """Show what is on today."""
    return visit.page("staff/today.html", activities=await unless_away(queries.my_activities(visit.calls)))
