"""What the home page is made of."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from services.portal.activities.queries import DayRows, Wanted, by_day, open_activities, shifts_of
from services.portal.shell.kept import Kept
from shared.http.upstream import Read, Upstream, unless_away

_SHOWN = 5
_DAYS = 30


class Volunteers(BaseModel):
    """How many volunteers a district has."""

    volunteers: int


class Hours(BaseModel):
    """How many hours they have given in all."""

    hours: int


class Activities(BaseModel):
    """How much there is to do."""

    activities_open: int
    places_free: int


VOLUNTEERS = Read("registry", "/v1/public/figures", Volunteers)
HOURS = Read("assessment", "/v1/public/figures", Hours)
ACTIVITIES = Read("activities", "/v1/public/figures", Activities)


@dataclass(frozen=True, slots=True)
class Home:
    """The home page: what begins next, and the district's figures; what is None is away."""

    days: Sequence[DayRows] | None
    volunteers: Volunteers | None
    hours: Hours | None
    activities: Activities | None


async def home(calls: Upstream, kept: Kept, district: str) -> Home:
    """Return the home page, from three services at once."""
    found, volunteers, hours, activities = await asyncio.gather(
        unless_away(open_activities(calls, kept, district, Wanted(days=_DAYS))),
        unless_away(kept.get((VOLUNTEERS, district), lambda: calls.read(VOLUNTEERS, district=district))),
        unless_away(kept.get((HOURS, district), lambda: calls.read(HOURS, district=district))),
        unless_away(kept.get((ACTIVITIES, district), lambda: calls.read(ACTIVITIES, district=district))),
    )
    next_shifts = sorted(shifts_of(found.items), key=lambda shift: shift.starts_at)[:_SHOWN] if found else []
    return Home(by_day(next_shifts) if found else None, volunteers, hours, activities)
