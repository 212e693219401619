"""A volunteer's hours and stars over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.assessment.stars.queries import VolunteerHours, hours_of
from shared.contracts.actor import STAFF, Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.problems import ProblemError

router = APIRouter(prefix="/v1")

Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Reader = Annotated[Caller, Depends(caller_with(*STAFF, own=[Role.VOLUNTEER]))]


@router.get("/me/hours", tags=["hours"])
async def show_my_hours(store: ApiStore, caller: Volunteer) -> VolunteerHours:
    """Show the caller's own hours, stars, and what is missing for the next star."""
    if caller.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    async with store.transaction(caller.district) as tx:
        return await hours_of(tx, caller.district, caller.volunteer_id)


@router.get("/volunteers/{volunteer_id}/hours", tags=["hours"])
async def show_hours(volunteer_id: UUID, store: ApiStore, caller: Reader) -> VolunteerHours:
    """Show a volunteer's hours, stars, and what is missing for the next star."""
    if not caller.may_see(volunteer_id):
        raise ProblemError(403, "forbidden")
    async with store.transaction(caller.district) as tx:
        return await hours_of(tx, caller.district, volunteer_id)
