"""What the home page is made of."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from services.portal.activities.queries import DayRows, Wanted, by_day, open_activities, shifts_of
from services.portal.shell.kept import Kept
from shared.http.upstream import Read, Upstream, unless_away

_SHOWN = 5
_DAYS = 30


class Figures(BaseModel):
    """How much a district has to offer."""

    activities_open: int
    places_free: int
    as_of: datetime


FIGURES = Read("activities", "/v1/public/figures", Figures)


@dataclass(frozen=True, slots=True)
class Home:
    """The home page: what begins next, and the district's figures; what is None is away."""

    days: Sequence[DayRows] | None
    figures: Figures | None


async def home(calls: Upstream, kept: Kept, district: str) -> Home:
    """Return the home page."""
    found, figures = await asyncio.gather(
        unless_away(open_activities(calls, kept, district, Wanted(days=_DAYS))),
        unless_away(kept.get((FIGURES, district), lambda: calls.read(FIGURES, district=district))),
    )
    next_shifts = sorted(shifts_of(found.items), key=lambda shift: shift.starts_at)[:_SHOWN] if found else []
    return Home(by_day(next_shifts) if found else None, figures)
