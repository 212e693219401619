"""What anybody may know of a district's volunteers: how many there are, by month and community."""

from fastapi import APIRouter, Request, Response

from services.registry.people.public import (
    PublicRegister,
    VolunteerFigure,
    public_register,
    volunteer_figure,
)
from shared.http.dependencies import ApiStore
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


@router.get("/figures", response_model=VolunteerFigure)
async def show_figures(request: Request, store: ApiStore, district: InDistrict) -> Response:
    """Show how many volunteers a district has."""
    async with store.transaction(district) as tx:
        return public_answer(request, await volunteer_figure(tx, district, now()))


@router.get("/statistics", response_model=PublicRegister)
async def show_statistics(
    request: Request, store: ApiStore, district: InDistrict, year: InYear, kept: KeptPublic
) -> Response:
    """Show how many volunteers a district has, by month of registration and by community, but no small numbers."""

    async def ask() -> PublicRegister:
        async with store.transaction(district) as tx:
            return await public_register(tx, district, year, now())

    return public_answer(request, await kept.get((district, year), ask))
