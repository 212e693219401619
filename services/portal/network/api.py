"""Pages of the tree: what there is."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from services.portal.network import queries
from services.portal.network.shown import show_organisation_page, show_station_page, show_team_page
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import SEE_TREE, Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.upstream import unless_away

router = APIRouter(prefix="/staff/network", include_in_schema=False)

Looker = Annotated[Visit, Depends(page_for(*SEE_TREE))]
LookerOrGuide = Annotated[Visit, Depends(page_for(*SEE_TREE, units=[Role.GUIDE]))]
Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("")
async def show_district(visit: LookerOrGuide) -> Response:
    """Show the district's counts and its towns and streets; to an officer of a guiding body, its organisations."""
    if visit.session is None or visit.session.roles.isdisjoint(SEE_TREE):
        return await list_organisations(visit)
    tree = await unless_away(visit.calls.read(queries.DISTRICT))
    return visit.page("network/district.html", tree=tree)


@router.get("/divisions/{code}")
async def show_township(visit: Looker, code: str) -> Response:
    """Show a town or street."""
    return visit.page("network/township.html", township=await visit.calls.read(queries.TOWNSHIP, code=code))


@router.get("/stations/{station_id}")
async def show_station(
    visit: Looker, station_id: str, cursor: Cursor = None, done: str = "", show: str = ""
) -> Response:
    """Show a station, its teams and its staff; ``show`` is whose name is asked for."""
    return await show_station_page(visit, id_of(station_id), cursor=cursor, done=done, asked_for=show)


@router.get("/organisations")
async def list_organisations(visit: LookerOrGuide, cursor: Cursor = None, done: str = "") -> Response:
    """Show the organisations."""
    found = await unless_away(visit.calls.read(queries.ORGANISATIONS, cursor=cursor, limit=queries.A_PAGE))
    return visit.page("network/organisations.html", found=found, done=done)


@router.get("/organisations/{organisation_id}")
async def show_organisation(
    visit: LookerOrGuide, kept: KeptAnswers, organisation_id: str, cursor: Cursor = None, done: str = ""
) -> Response:
    """Show an organisation and its teams."""
    return await show_organisation_page(visit, kept, id_of(organisation_id), cursor=cursor, done=done)


@router.get("/teams")
async def list_teams(
    visit: LookerOrGuide,
    query: Annotated[str, Query(max_length=100)] = "",
    kind: Literal["", "community", "professional", "unclassified"] = "",
    closed: Literal["", "1"] = "",
    cursor: Cursor = None,
) -> Response:
    """Find teams by name and kind."""
    asked = query.strip()
    found = await unless_away(
        visit.calls.read(
            queries.TEAMS,
            query=asked or None,
            kind=kind or None,
            closed="true" if closed else None,
            cursor=cursor,
            limit=queries.A_PAGE,
        )
    )
    return visit.page("network/teams.html", found=found, query=asked, kind=kind, closed=closed)


@router.get("/teams/{team_id}")
async def show_team(visit: LookerOrGuide, kept: KeptAnswers, team_id: str, done: str = "") -> Response:
    """Show a team."""
    return await show_team_page(visit, kept, id_of(team_id), done=done)
