"""The pages of a station, an organisation and a team: as they are, or with the form that was refused."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Response

from services.portal.network import queries
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import faults_of
from services.portal.shell.kept import Kept
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

Written = Mapping[str, Any]
"""What was filled in, by field."""
_MAY_SEE_STAFF = (Role.DISTRICT_ADMIN, Role.AUDITOR, Role.STATION_MANAGER)


def has(visit: Visit, *roles: Role) -> bool:
    """Return whether whoever looks has one of the roles."""
    return visit.session is not None and not visit.session.roles.isdisjoint(roles)


async def show_station_page(
    visit: Visit,
    station_id: UUID,
    *,
    cursor: str | None = None,
    done: str = "",
    refused: RefusedByServiceError | None = None,
    written: Written | None = None,
    asked_for: str = "",
    clear: queries.StaffInClear | None = None,
) -> Response:
    """Show a station; its staff to the district's office and to its own manager.

    ``asked_for`` is whose name is asked for, by id, ``clear`` that name once a reason was given.
    """
    station, teams, staff, agreements = await asyncio.gather(
        visit.calls.read(queries.STATION, station_id=station_id),
        unless_away(visit.calls.read(queries.TEAMS, station_id=str(station_id), cursor=cursor, limit=queries.A_PAGE)),
        _staff(visit, station_id),
        unless_away(visit.calls.read(queries.AGREEMENTS, station_id=str(station_id), limit=queries.A_PAGE)),
    )
    return visit.page(
        "network/station.html",
        refused.status if refused else 200,
        station=station,
        teams=teams,
        staff=staff,
        agreements=agreements,
        is_office=has(visit, Role.DISTRICT_ADMIN),
        may_enter=staff is not None and has(visit, Role.DISTRICT_ADMIN, Role.STATION_MANAGER),
        today=district_day(now()).isoformat(),
        done=done,
        faults=faults_of(refused) if refused else {},
        written=written or {},
        asked_for=asked_for,
        clear=clear,
    )


async def _staff(visit: Visit, station_id: UUID) -> queries.Staff | None:
    if not has(visit, *_MAY_SEE_STAFF):
        return None
    try:
        return await unless_away(visit.calls.read(queries.STAFF, station_id=station_id, limit=queries.A_PAGE))
    except RefusedByServiceError:  # another manager's station
        return None


async def show_organisation_page(
    visit: Visit,
    kept: Kept,
    organisation_id: UUID,
    *,
    cursor: str | None = None,
    done: str = "",
    refused: RefusedByServiceError | None = None,
    written: Written | None = None,
) -> Response:
    """Show an organisation and its teams."""
    organisation, teams, choices, agreements = await asyncio.gather(
        visit.calls.read(queries.ORGANISATION, organisation_id=organisation_id),
        unless_away(
            visit.calls.read(queries.TEAMS, organisation_id=str(organisation_id), cursor=cursor, limit=queries.A_PAGE)
        ),
        queries.choices(visit.calls, kept, visit.district),
        unless_away(visit.calls.read(queries.AGREEMENTS, organisation_id=str(organisation_id), limit=queries.A_PAGE)),
    )
    seat = {
        "host_unit": organisation.host_unit or "",
        "parent_code": organisation.parent_code or "",
        "guiding_body_code": organisation.guiding_body_code or "",
    }
    return visit.page(
        "network/organisation.html",
        refused.status if refused else 200,
        organisation=organisation,
        teams=teams,
        choices=choices,
        agreements=agreements,
        is_office=has(visit, Role.DISTRICT_ADMIN),
        done=done,
        faults=faults_of(refused) if refused else {},
        written=written or seat,
    )


async def show_team_page(
    visit: Visit,
    kept: Kept,
    team_id: UUID,
    *,
    done: str = "",
    refused: RefusedByServiceError | None = None,
    written: Written | None = None,
) -> Response:
    """Show a team, and to the district's office what can be done about it."""
    is_office = has(visit, Role.DISTRICT_ADMIN)
    team = await visit.calls.read(queries.TEAM, team_id=team_id)
    choices, near = await asyncio.gather(queries.choices(visit.calls, kept, visit.district), _near(visit, team))
    now_so = {
        "name": team.name,
        "organisation_code": team.organisation_code or "",
        "station_code": team.station_code or "",
        "into": "",
    }
    return visit.page(
        "network/team.html",
        refused.status if refused else 200,
        team=team,
        near=near,
        choices=choices,
        is_office=is_office,
        done=done,
        faults=faults_of(refused) if refused else {},
        written=now_so | dict(written or {}),
    )


async def _near(visit: Visit, team: queries.Team) -> list[queries.TeamLine]:
    """Return the teams that one may be merged into: of its station, or else of its organisation."""
    if team.closed_on or not has(visit, Role.DISTRICT_ADMIN):
        return []
    unit = {"station_id": str(team.station_id)} if team.station_id else {"organisation_id": str(team.organisation_id)}
    if not (team.station_id or team.organisation_id):
        unit = {}
    found = await unless_away(visit.calls.read(queries.TEAMS, **unit, limit=queries.MOST_CHOICES))
    return [one for one in found.items if one.id != team.id] if found else []
