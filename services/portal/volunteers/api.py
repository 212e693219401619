"""Pages of volunteers, for staff.

Invariant: what is shown in clear was asked for with a reason, and is on no address.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response
from pydantic import BaseModel, Field

from services.portal.register.queries import communities
from services.portal.sessions.dependencies import Organiser
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from services.portal.volunteers import queries
from services.portal.volunteers.queries import InClear
from shared.contracts.actor import Role
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(prefix="/staff/volunteers", include_in_schema=False)
_NOT_FOUND = 404


class VolunteerForm(BaseModel):
    """Who is to be registered."""

    name: ShortText = ""
    gender: ShortText = ""
    document: ShortText = ""
    id_number: ShortText = ""
    born_on: ShortText = ""
    phone: ShortText = ""
    category: ShortText = ""
    community: ShortText = ""
    team: ShortText = ""
    services: list[ShortText] = Field([], max_length=20)
    skills: list[ShortText] = Field([], max_length=50)
    key: ShortText = ""


@router.get("")
async def list_volunteers(
    visit: Organiser,
    kept: KeptAnswers,
    query: Annotated[str, Query(max_length=100)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Find volunteers by number, whole name or phone."""
    asked = query.strip()
    found, teams = await asyncio.gather(
        unless_away(visit.calls.read(queries.VOLUNTEERS, query=asked or None, cursor=cursor)),
        queries.team_names(visit.calls, kept, visit.district),
    )
    return visit.page("volunteers/list.html", found=found, query=asked, teams=teams)


@router.get("/new")
async def show_form(visit: Organiser, kept: KeptAnswers) -> Response:
    """Show the form for registering somebody."""
    return await _form(visit, kept, VolunteerForm())


@router.post("/new")
async def register(visit: Organiser, kept: KeptAnswers, form: Annotated[VolunteerForm, Form()]) -> Response:
    """Register somebody who has asked for it."""
    body = form.model_dump(exclude={"key"}) | {"language": visit.look.language}
    try:
        done = await visit.calls.change(queries.REGISTER, body, key=form.key or None)
    except RefusedByServiceError as refused:
        return await _form(visit, kept, form, refused)
    return visit.go(f"/staff/volunteers/{done.id}?done=registered")


@router.get("/{volunteer_id}")
async def show_volunteer(visit: Organiser, kept: KeptAnswers, volunteer_id: str, done: str = "") -> Response:
    """Show a volunteer, masked."""
    return await _volunteer(visit, kept, id_of(volunteer_id), done=done)


@router.post("/{volunteer_id}/reveal")
async def reveal(
    visit: Organiser, kept: KeptAnswers, volunteer_id: str, reason: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Show name and phone in clear; the reason is kept in the access log."""
    found = id_of(volunteer_id)
    try:
        clear = await visit.calls.change(queries.REVEAL, {"reason": reason.strip()}, volunteer_id=found)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _volunteer(visit, kept, found, refused=refused, reason=reason)
    return await _volunteer(visit, kept, found, clear=clear)


async def _volunteer(
    visit: Visit,
    kept: KeptAnswers,
    volunteer_id: UUID,
    *,
    clear: InClear | None = None,
    refused: RefusedByServiceError | None = None,
    reason: str = "",
    done: str = "",
) -> Response:
    try:
        volunteer, hours, teams, mergers = await asyncio.gather(
            visit.calls.read(queries.VOLUNTEER, volunteer_id=volunteer_id),
            _hours(visit, volunteer_id),
            queries.team_names(visit.calls, kept, visit.district),
            _mergers(visit, volunteer_id),
        )
    except RefusedByServiceError as hidden:
        # Registry does not tell that there is one: they are of other units, or nowhere.
        raise (ProblemError(403, "forbidden") if hidden.status == _NOT_FOUND else hidden) from None
    doubled = await _doubled(visit, volunteer_id, mergers)
    shown: dict[str, object] = {"volunteer": volunteer, "hours": hours, "clear": clear, "reason": reason, "done": done}
    shown |= {"teams": teams, "mergers": mergers, "doubled": doubled}
    faults = faults_of(refused) if refused else {}
    return visit.page("volunteers/volunteer.html", refused.status if refused else 200, **shown, faults=faults)


async def _mergers(visit: Visit, volunteer_id: UUID) -> queries.Mergers | None:
    """Return the mergers that an entry is part of, for the office; None for others, and where registry is away."""
    if visit.session is None or Role.DISTRICT_ADMIN not in visit.session.roles:
        return None
    return await unless_away(visit.calls.read(queries.MERGERS, volunteer_id=volunteer_id))


async def _doubled(
    visit: Visit, volunteer_id: UUID, mergers: queries.Mergers | None
) -> Mapping[UUID, queries.Doubled | None]:
    """Return what is counted twice until the office has put it right, by the entry that is merged into this one."""
    items = mergers.items if mergers else []
    standing = [one.merged_id for one in items if one.kept_id == volunteer_id and not one.undone_at]
    found = await asyncio.gather(*(_overlap(visit, volunteer_id, each) for each in standing))
    return dict(zip(standing, found, strict=True))


async def _overlap(visit: Visit, kept_id: UUID, merged_id: UUID) -> queries.Doubled | None:
    try:
        asked = visit.calls.read(queries.DOUBLED, volunteer_id=kept_id, other_id=merged_id)
        return await unless_away(asked)
    except RefusedByServiceError:
        return None


async def _hours(visit: Visit, volunteer_id: UUID) -> queries.Hours | None:
    """Return what somebody has served; None where assessment is away, or has not heard of them yet."""
    try:
        return await unless_away(visit.calls.read(queries.HOURS, volunteer_id=volunteer_id))
    except RefusedByServiceError:
        return None


async def _form(
    visit: Visit, kept: KeptAnswers, form: VolunteerForm, refused: RefusedByServiceError | None = None
) -> Response:
    teams, places = await asyncio.gather(
        queries.teams(visit.calls, kept, visit.district), communities(visit.calls, kept, visit.district)
    )
    faults = faults_of(refused) if refused else {}
    status = refused.status if refused else 200
    return visit.page("volunteers/new.html", status, form=form, teams=teams, communities=places, faults=faults)
