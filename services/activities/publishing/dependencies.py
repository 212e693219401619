"""What routes that look for shifts are handed."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from services.activities.publishing.shift_filter import ShiftFilter
from shared.contracts.calendar import CHINA, begin_of
from shared.contracts.text import line
from shared.store.event_log import now

_FIRST, _LAST, _MAX_DAYS = date(2000, 1, 1), date(2100, 1, 1), 731
"""No shift is published further ahead than two years."""


async def _shift_filter(
    first: Annotated[
        date | None, Query(alias="from", ge=_FIRST, le=_LAST, description="First day, in China's time; today if absent")
    ] = None,
    days: Annotated[int, Query(ge=1, le=_MAX_DAYS)] = 30,
    station_id: UUID | None = None,
    service: Annotated[str | None, Query(max_length=32, description="kind of service")] = None,
    free: Annotated[bool, Query(description="only shifts with a place left")] = False,
    text: Annotated[str, Query(max_length=50, description="part of the title or the place")] = "",
) -> ShiftFilter:
    day = first or now().astimezone(CHINA).date()
    start = begin_of(day)
    return ShiftFilter(start, start + timedelta(days=days), station_id, service, free, line(text))


WantedShifts = Annotated[ShiftFilter, Depends(_shift_filter)]
