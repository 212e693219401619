"""What anybody may know of a district's hours."""

from fastapi import APIRouter, Request, Response

from services.assessment.statistics.public import HoursFigure, hours_figure
from shared.http.dependencies import ApiStore
from shared.http.public import PUBLIC_ANSWERS, PUBLIC_READ, InDistrict, public_answer
from shared.store.event_log import now

router = APIRouter(prefix="/v1/public", tags=["public"], dependencies=PUBLIC_READ, responses=PUBLIC_ANSWERS)


@router.get("/figures", response_model=HoursFigure)
async def show_figures(request: Request, store: ApiStore, district: InDistrict) -> Response:
    """Show how many hours a district's volunteers have given in all."""
    async with store.transaction(district) as tx:
        return public_answer(request, await hours_figure(tx, district, now()))
