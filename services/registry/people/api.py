"""Volunteers over HTTP: registering them, and what is shown of them."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from services.registry.people import queries
from services.registry.people.commands import register_volunteer, reveal_volunteer
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.people.domain.search import search_for
from services.registry.people.enrolment import VolunteerCreated
from services.registry.people.forms import VolunteerForm
from services.registry.people.queries import VolunteerCounts, VolunteerInClear, VolunteerNames, VolunteerView
from shared.contracts import VolunteerCategory
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Paragraphs
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1/volunteers", tags=["volunteers"])

MOST_NAMES = 200
_IDS = f"ids of volunteers, separated by commas, at most {MOST_NAMES}"
_QUERY = "what the volunteer number starts with, a whole name, a phone number, or the last four digits of either number"
UNIT_HEADS = (Role.STATION_MANAGER, Role.TEAM_LEADER)
"""Who sees and registers the volunteers of their own stations' teams, or of their own teams."""


@router.post("", status_code=201, response_model=VolunteerCreated)
async def register(
    form: VolunteerForm,
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=UNIT_HEADS))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Register a volunteer for an organisation."""
    async with store.transaction(caller.district) as tx:
        command = partial(register_volunteer, tx, keys, caller, form.values(), form.language)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/counts")
async def count_volunteers(
    store: ApiStore,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, *UNIT_HEADS, Role.AUDITOR, Role.OPERATOR))],
) -> VolunteerCounts:
    """Count the district's volunteers by category."""
    async with store.transaction(caller.district) as tx:
        return await queries.count_volunteers(tx, caller.district)


def _ids(ids: Annotated[str | None, Query(description=_IDS)] = None) -> list[UUID] | None:
    if ids is None:
        return None
    written = ids.split(",")
    if len(written) > MOST_NAMES:
        raise RefusedError(Fault("ids", Code.TOO_MANY))
    try:
        return [UUID(each) for each in written]
    except ValueError:
        raise RefusedError(Fault("ids", Code.FORMAT)) from None


@router.get("")
async def list_volunteers(
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=UNIT_HEADS))],
    page: RequestedPage,
    ids: Annotated[list[UUID] | None, Depends(_ids)],
    query: Annotated[str, Query(max_length=100, description=_QUERY)] = "",
    category: VolunteerCategory | None = None,
) -> Page[VolunteerView] | VolunteerNames:
    """List volunteers by number, personal data masked; team leaders and station managers see their own teams.

    With ``ids`` (of a shift's roster, say): how these are named, and nothing else of them, for whoever has the ids and
    works in the district; who signs up at a station need not be of its teams.
    """
    async with store.transaction(caller.district) as tx:
        if ids is not None:
            return await queries.name_volunteers(tx, keys, caller.district, ids)
        (after,) = page.position(str) or ("",)
        search = search_for(keys, query)
        found = await queries.find_volunteers(tx, keys, caller, after, page.limit + 1, search=search, category=category)
    return Page.of(found, page.limit, lambda volunteer: (volunteer.number,))


@router.get("/{volunteer_id}")
async def show_volunteer(
    volunteer_id: UUID,
    store: ApiStore,
    keys: Keys,
    caller: Annotated[
        Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=UNIT_HEADS, own=[Role.VOLUNTEER]))
    ],
) -> VolunteerView:
    """Show a volunteer, personal data masked; volunteers see themselves."""
    async with store.transaction(caller.district) as tx:
        return await queries.find_volunteer(tx, keys, caller, volunteer_id)


class Reveal(BaseModel):
    """Why somebody has to be read in clear: for the access log, which auditors read."""

    reason: Annotated[Paragraphs, Field(max_length=500, examples=["电话通知改期"])]


@router.post("/{volunteer_id}/reveal")
async def reveal(
    volunteer_id: UUID,
    form: Reveal,
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=UNIT_HEADS))],
) -> VolunteerInClear:
    """Show a volunteer's name and phone number in clear, for a reason; who read it and why is in the access log."""
    async with store.transaction(caller.district) as tx:
        return await reveal_volunteer(tx, keys, caller, volunteer_id, form.reason)
