"""What the district's office, and a station's manager, change in the tree."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Response
from pydantic import BaseModel

from services.portal.network import queries
from services.portal.network.shown import show_organisation_page, show_station_page, show_team_page
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError

router = APIRouter(prefix="/staff/network", include_in_schema=False)

Office = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
OfficeOrManager = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER]))]
_NOT_FOUND = 404


class TeamForm(BaseModel):
    """What is filled in of a team, by whichever of its forms."""

    name: ShortText = ""
    organisation_code: ShortText = ""
    station_code: ShortText = ""
    into: ShortText = ""
    key: ShortText = ""


class SeatForm(BaseModel):
    """How an organisation belongs together with others."""

    host_unit: ShortText = ""
    parent_code: ShortText = ""
    guiding_body_code: ShortText = ""
    key: ShortText = ""


class StaffForm(BaseModel):
    """Somebody who begins to work at a station."""

    name: ShortText = ""
    employment: ShortText = ""
    source: ShortText = ""
    since: ShortText = ""
    key: ShortText = ""


class BodyForm(BaseModel):
    """A body that guides organisations."""

    code: ShortText = ""
    name: ShortText = ""
    key: ShortText = ""


_TEAM = {
    "name": (queries.RENAME, {"name"}),
    "place": (queries.MOVE, {"organisation_code", "station_code"}),
    "merging": (queries.MERGE, {"into"}),
    "closing": (queries.CLOSE, set[str]()),
}
"""What is done to a team: by which change, and which fields it takes."""


@router.post("/teams/{team_id}/{change}")
async def change_team(
    visit: Office,
    kept: KeptAnswers,
    team_id: str,
    change: Literal["name", "place", "merging", "closing"],
    form: Annotated[TeamForm, Form()],
) -> Response:
    """Rename, move, merge or close a team."""
    found, (does, fields) = id_of(team_id), _TEAM[change]
    written = form.model_dump(include=fields)
    try:
        await visit.calls.change(does, written, key=form.key or None, team_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await show_team_page(visit, kept, found, refused=refused, written=written)
    return visit.go(f"/staff/network/teams/{found}?done={change}")


@router.post("/organisations/{organisation_id}/seat")
async def change_seat(
    visit: Office, kept: KeptAnswers, organisation_id: str, form: Annotated[SeatForm, Form()]
) -> Response:
    """Say where an organisation has its seat, of which it is a member and who guides it."""
    found, written = id_of(organisation_id), form.model_dump(exclude={"key"})
    try:
        await visit.calls.change(queries.SET_SEAT, written, key=form.key or None, organisation_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await show_organisation_page(visit, kept, found, refused=refused, written=written)
    return visit.go(f"/staff/network/organisations/{found}?done=seat")


@router.get("/guiding-bodies/new")
async def show_body_form(visit: Office) -> Response:
    """Show the form for a guiding body."""
    return visit.page("network/guiding_body.html", form=BodyForm(), faults={})


@router.post("/guiding-bodies/new")
async def register_body(visit: Office, form: Annotated[BodyForm, Form()]) -> Response:
    """Put a guiding body on the register."""
    try:
        body = form.model_dump(exclude={"key"})
        await visit.calls.change(queries.REGISTER_GUIDING_BODY, body, key=form.key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return visit.page("network/guiding_body.html", refused.status, form=form, faults=faults_of(refused))
    return visit.go("/staff/network/organisations?done=body")


@router.post("/stations/{station_id}/operators")
async def change_operators(
    visit: Office,
    station_id: str,
    operators: Annotated[LongText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Say which units run the centre jointly, one a line."""
    found = id_of(station_id)
    body = {"operators": [line.strip() for line in operators.splitlines() if line.strip()]}
    try:
        await visit.calls.change(queries.SET_OPERATORS, body, key=key or None, station_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await show_station_page(visit, found, refused=refused, written={"operators": operators})
    return visit.go(f"/staff/network/stations/{found}?done=operators")


@router.post("/stations/{station_id}/staff")
async def begin_work(visit: OfficeOrManager, station_id: str, form: Annotated[StaffForm, Form()]) -> Response:
    """Note that somebody works at a station."""
    found, written = id_of(station_id), form.model_dump(exclude={"key"})
    try:
        await visit.calls.change(queries.BEGIN_WORK, written, key=form.key or None, station_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.status == _NOT_FOUND:
            raise
        return await show_station_page(visit, found, refused=refused, written=written)
    return visit.go(f"/staff/network/stations/{found}?done=staff")


@router.post("/stations/{station_id}/staff/{staff_id}/ending")
async def end_work(
    visit: OfficeOrManager, station_id: str, staff_id: str, key: Annotated[ShortText, Form()] = ""
) -> Response:
    """Note that today is the last day that somebody works at a station."""
    found = id_of(station_id)
    try:
        await visit.calls.change(queries.END_WORK, {}, key=key or None, staff_id=id_of(staff_id))
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.status == _NOT_FOUND:
            raise
        return await show_station_page(visit, found, refused=refused)
    return visit.go(f"/staff/network/stations/{found}?done=ended")


@router.post("/stations/{station_id}/staff/{staff_id}/reveal")
async def reveal_name(
    visit: OfficeOrManager, station_id: str, staff_id: str, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Show the name of somebody who works at a station in clear; the reason is kept in the access log."""
    found, who = id_of(station_id), id_of(staff_id)
    try:
        clear = await visit.calls.change(queries.REVEAL_STAFF, {"reason": reason.strip()}, staff_id=who)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await show_station_page(visit, found, refused=refused, written={"reason": reason}, asked_for=str(who))
    return await show_station_page(visit, found, clear=clear)
