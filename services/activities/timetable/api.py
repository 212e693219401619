"""A volunteer's timetable over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.activities.publishing.dependencies import WantedShifts
from services.activities.timetable.dependencies import OwnId, Volunteer
from services.activities.timetable.domain import Listed
from services.activities.timetable.open_shifts import ShiftToTake, shifts_to_take
from services.activities.timetable.sign_ups import MySignUp, sign_ups_of_volunteer
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, moment

router = APIRouter(prefix="/v1/me", tags=["timetable"])


@router.get("/sign-ups")
async def list_sign_ups(
    store: ApiStore,
    caller: Volunteer,
    volunteer_id: OwnId,
    page: RequestedPage,
    state: Annotated[Listed | None, Query(description="one of the three lists; all sign-ups if absent")] = None,
) -> Page[MySignUp]:
    """List the caller's own sign-ups: what is to come by its start, the past and all of them latest first."""
    after = page.position(moment, UUID)
    async with store.transaction(caller.district) as tx:
        found = await sign_ups_of_volunteer(tx, caller.district, volunteer_id, state, after, page.limit + 1)
    return Page.of(found, page.limit, lambda each: (each.starts_at.isoformat(), str(each.sign_up_id)))


@router.get("/open-shifts")
async def list_open_shifts(
    store: ApiStore, caller: Volunteer, volunteer_id: OwnId, wanted: WantedShifts, page: RequestedPage
) -> Page[ShiftToTake]:
    """List the shifts that the caller may take, by start: none at a time that they have signed up for."""
    after = page.position(moment, UUID)
    async with store.transaction(caller.district) as tx:
        found = await shifts_to_take(tx, caller.district, volunteer_id, wanted, after, page.limit + 1)
    return Page.of(found, page.limit, lambda each: (each.starts_at.isoformat(), str(each.shift_id)))
