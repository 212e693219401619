"""The district's tree over HTTP, for staff; an officer of a guiding body sees the organisations that it guides."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.registry.teams import tree
from services.registry.teams.tree import (
    District,
    Guides,
    Organisation,
    OrganisationLine,
    Station,
    Team,
    TeamLine,
    Township,
)
from shared.contracts.actor import Reach, Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1/network", tags=["network"])

_STAFF = (Role.DISTRICT_ADMIN, Role.AUDITOR, Role.STATION_MANAGER, Role.TEAM_LEADER)
Staff = Annotated[Caller, Depends(caller_with(*_STAFF))]
StaffOrGuide = Annotated[Caller, Depends(caller_with(*_STAFF, units=[Role.GUIDE]))]
Kind = Annotated[str | None, Query(pattern="^(community|professional|unclassified)$")]


def _guides(caller: Caller) -> Guides:
    return None if caller.reach is Reach.DISTRICT else list(caller.scope.units)


@router.get("")
async def show_district(store: ApiStore, caller: Staff) -> District:
    """Show the district's counts, its centre, and its towns and streets."""
    async with store.transaction(caller.district) as tx:
        return await tree.district_tree(tx, caller.district)


@router.get("/divisions/{code}")
async def show_township(code: str, store: ApiStore, caller: Staff) -> Township:
    """Show a town or street: its communities and their stations."""
    async with store.transaction(caller.district) as tx:
        return await tree.township(tx, caller.district, code)


@router.get("/stations/{station_id}")
async def show_station(station_id: UUID, store: ApiStore, caller: Staff) -> Station:
    """Show a station."""
    async with store.transaction(caller.district) as tx:
        return await tree.station(tx, caller.district, station_id)


@router.get("/organisations")
async def list_organisations(store: ApiStore, caller: StaffOrGuide, page: RequestedPage) -> Page[OrganisationLine]:
    """List organisations with their counts; of a guiding body's officer those that it guides."""
    (after,) = page.position(str) or ("",)
    async with store.transaction(caller.district) as tx:
        found = await tree.organisations(tx, caller.district, _guides(caller), after, page.limit + 1)
    return Page.of(found, page.limit, lambda one: (one.code,))


@router.get("/organisations/{organisation_id}")
async def show_organisation(organisation_id: UUID, store: ApiStore, caller: StaffOrGuide) -> Organisation:
    """Show an organisation."""
    async with store.transaction(caller.district) as tx:
        return await tree.organisation(tx, caller.district, _guides(caller), organisation_id)


@router.get("/teams")
async def list_teams(
    store: ApiStore,
    caller: StaffOrGuide,
    page: RequestedPage,
    organisation_id: UUID | None = None,
    station_id: UUID | None = None,
    kind: Kind = None,
    query: Annotated[str, Query(max_length=100)] = "",
    closed: bool = False,
) -> Page[TeamLine]:
    """List teams with their members; of a guiding body's officer those of organisations that it guides."""
    (after,) = page.position(str) or ("",)
    of = {"organisation_id": organisation_id, "station_id": station_id, "kind": kind, "closed": closed}
    async with store.transaction(caller.district) as tx:
        found = await tree.teams(tx, caller.district, _guides(caller), after, page.limit + 1, query=query.strip(), **of)
    return Page.of(found, page.limit, lambda one: (one.code,))


@router.get("/teams/{team_id}")
async def show_team(team_id: UUID, store: ApiStore, caller: StaffOrGuide) -> Team:
    """Show a team."""
    async with store.transaction(caller.district) as tx:
        return await tree.team(tx, caller.district, _guides(caller), team_id)
