"""The home page, and what is said about the site."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.portal.public import queries
from services.portal.sessions.dependencies import public_page
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]


@router.get("/")
async def show_home(visit: Public, kept: KeptAnswers) -> Response:
    """Show the home page."""
    return visit.page("public/home.html", home=await queries.home(visit.calls, kept, visit.district))


@router.get("/help")
async def show_help(visit: Public) -> Response:
    """Say how one takes part, and whom to ask."""
    return visit.page("public/help.html")


@router.get("/privacy")
async def show_privacy(visit: Public) -> Response:
    """Say what is kept of whom, and why."""
    return visit.page("public/privacy.html")


@router.get("/accessibility")
async def show_accessibility(visit: Public) -> Response:
    """Say how the pages can be made easier to use."""
    return visit.page("public/accessibility.html")


@router.get("/about")
async def show_about(visit: Public) -> Response:
    """Say who runs the site."""
    return visit.page("public/about.html")
