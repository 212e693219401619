"""A volunteer's own pages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.portal.me import queries
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from shared.contracts.actor import Role

router = APIRouter(include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]


@router.get("/me")
async def show_start(visit: Volunteer) -> Response:
    """Show what is next, what waits for an answer, hours and messages."""
    return visit.page("me/start.html", start=await queries.start(visit.calls))
