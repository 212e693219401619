"""Volunteers over HTTP: registering them, and what is shown of them."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.registry.people import queries
from services.registry.people.commands import register_volunteer
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.people.enrolment import VolunteerCreated
from services.registry.people.forms import VolunteerForm
from services.registry.people.queries import VolunteerCounts, VolunteerView
from shared.contracts import VolunteerCategory
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1/volunteers", tags=["volunteers"])

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


@router.get("")
async def list_volunteers(
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=UNIT_HEADS))],
    page: RequestedPage,
    q: Annotated[
        str, Query(max_length=32, pattern="^[0-9A-Za-z]*$", description="what the volunteer number starts with")
    ] = "",
    category: VolunteerCategory | None = None,
) -> Page[VolunteerView]:
    """List volunteers by number, personal data masked; team leaders and station managers see their own teams."""
    (after,) = page.position(str) or ("",)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_volunteers(tx, keys, caller, after, page.limit + 1, number=q, category=category)
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
