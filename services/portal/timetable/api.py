"""The calendar of a volunteer: one sign-up as a file, and an address that a calendar follows.

Invariant: the address is shown where it is made and nowhere else; activities keeps its hash alone.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.portal.sessions.dependencies import page_for, public_page
from services.portal.sessions.visits import Visit
from services.portal.timetable import queries
from shared.contracts.actor import Role
from shared.http.upstream import unless_away

router = APIRouter(include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Public = Annotated[Visit, Depends(public_page)]


@router.get("/me/calendar")
async def show_calendar(visit: Volunteer) -> Response:
    """Say what a calendar that follows is, and ask whether to give it an address."""
    feed = await unless_away(visit.calls.read(queries.FEED))
    return visit.page("timetable/calendar.html", feed=feed, path=None)


@router.post("/me/calendar")
async def renew_calendar(visit: Volunteer) -> Response:
    """Give the calendar a new address, and show it; the one before opens nothing any more."""
    made = await visit.calls.change(queries.RENEW_FEED)
    return visit.page("timetable/calendar.html", feed=None, path=f"/calendar-feeds/{made.token}.ics")


@router.get("/calendar-feeds/{token}.ics")
async def follow(visit: Public, token: str) -> Response:
    """Hand out what somebody has signed up for, to a calendar that knows the address."""
    return Response(await visit.calls.fetch(queries.FOLLOW, token=token), media_type="text/calendar")
