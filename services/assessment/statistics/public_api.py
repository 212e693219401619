"""What anybody may know of a district's hours."""

from datetime import date

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.statistics import queries
from services.assessment.statistics.period import Period
from services.assessment.statistics.public import HoursFigure, PublicHours, hours_figure, shown_groups
from services.assessment.statistics.queries import Grouping
from shared.http.dependencies import ApiStore
from shared.http.public import (
    PUBLIC_ANSWERS,
    PUBLIC_READ,
    InDistrict,
    InYear,
    KeptPublic,
    public_answer,
)
from shared.http.small_numbers import are_few
from shared.store.event_log import now

router = APIRouter(prefix="/v1/public", tags=["public"], dependencies=PUBLIC_READ, responses=PUBLIC_ANSWERS)


@router.get("/figures", response_model=HoursFigure)
async def show_figures(request: Request, store: ApiStore, district: InDistrict) -> Response:
    """Show how many hours a district's volunteers have given in all."""
    async with store.transaction(district) as tx:
        return public_answer(request, await hours_figure(tx, district, now()))


@router.get("/statistics", response_model=PublicHours)
async def show_statistics(
    request: Request, store: ApiStore, district: InDistrict, year: InYear, kept: KeptPublic
) -> Response:
    """Show a year's hours and who gave them, by month and by station, but no small numbers."""

    async def ask() -> PublicHours:
        async with store.transaction(district) as tx:
            return await _public_hours(tx, district, year)

    return public_answer(request, await kept.get((district, year), ask))


async def _public_hours(tx: AsyncConnection, district: str, year: int) -> PublicHours:
    period, at = Period(date(year, 1, 1), date(year + 1, 1, 1)), now()
    months = await queries.statistics(tx, district, period, Grouping.MONTH, at)
    stations = await queries.statistics(tx, district, period, Grouping.STATION, at)
    few = are_few(months.volunteers)
    return PublicHours(
        year=year,
        hours=None if few else months.minutes // 60,
        volunteers=None if few else months.volunteers,
        few=few,
        as_of=at,
        months=shown_groups(months.groups),
        stations=shown_groups(stations.groups),
    )
