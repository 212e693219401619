"""The first page of staff."""

from fastapi import APIRouter, Response

from services.portal.sessions.dependencies import Organiser
from services.portal.staff import queries
from shared.http.upstream import unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff", include_in_schema=False)


@router.get("")
async def show_today(visit: Organiser) -> Response:
    """Show what is on today, and what waits."""
    at = now()
    today = await unless_away(queries.today(visit.calls, at, is_centre=visit.is_centre))
    return visit.page("staff/today.html", today=today, now=at)
