"""Activities for anybody: the open ones, one of them, and a district's figures, of now and of a year."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.activities.publishing import public
from services.activities.publishing.dependencies import WantedShifts
from services.activities.publishing.public import ActivityFigures, PublicActivities, PublicActivityDetail, PublicHeld
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, moment
from shared.http.public import (
    PUBLIC_ANSWERS,
    PUBLIC_READ,
    InDistrict,
    InYear,
    KeptPublic,
    public_answer,
)
from shared.store.event_log import now

router = APIRouter(prefix="/v1/public", tags=["public"], dependencies=PUBLIC_READ, responses=PUBLIC_ANSWERS)


@router.get("/activities", response_model=PublicActivities)
async def list_open(
    request: Request, store: ApiStore, district: InDistrict, wanted: WantedShifts, page: RequestedPage
) -> Response:
    """List activities that one can sign up for, by the start of their next shift, with how places stand."""
    after = page.position(moment, UUID)
    async with store.transaction(district) as tx:
        found = await public.open_activities(tx, district, wanted, after, page.limit + 1)
    shown = Page.of(found, page.limit, lambda each: (each[0].isoformat(), str(each[1].activity_id)))
    items = [activity for _, activity in shown.items]
    return public_answer(request, PublicActivities(items=items, next_cursor=shown.next_cursor, as_of=now()))


@router.get("/activities/{activity_id}", response_model=PublicActivityDetail)
async def show(activity_id: UUID, request: Request, store: ApiStore, district: InDistrict) -> Response:
    """Show an activity with every shift."""
    async with store.transaction(district) as tx:
        activity = await public.find_public_activity(tx, district, activity_id, now())
    if activity is None:
        raise RefusedError(Fault("activity_id", Code.NOT_FOUND))
    return public_answer(request, activity)


@router.get("/figures", response_model=ActivityFigures)
async def show_figures(request: Request, store: ApiStore, district: InDistrict) -> Response:
    """Show how many activities a district has open, and the places left on them."""
    async with store.transaction(district) as tx:
        return public_answer(request, await public.activity_figures(tx, district, now()))


@router.get("/statistics", response_model=PublicHeld)
async def show_statistics(
    request: Request, store: ApiStore, district: InDistrict, year: InYear, kept: KeptPublic
) -> Response:
    """Show how many activities of a year have begun, by month and by station."""

    async def ask() -> PublicHeld:
        async with store.transaction(district) as tx:
            return await public.public_held(tx, district, year, now())

    return public_answer(request, await kept.get((district, year), ask))
