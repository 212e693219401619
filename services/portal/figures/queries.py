"""A year in public figures, of three services; what one of them does not answer is None.

Invariant: numbers are shown as the services tell them. Which are too small to be shown is theirs to say
(``shared/http/small_numbers.py``), and nothing is added up here that they leave out.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from services.portal.shell.kept import Kept
from shared.http.upstream import Read, Upstream, unless_away


class RegisteredGroup(BaseModel):
    """How many volunteers a group has; None: not shown."""

    code: str | None
    name: str | None
    volunteers: int | None
    few: bool


class Register(BaseModel):
    """Volunteers: all, those of the year by month, all by community."""

    volunteers: int | None
    few: bool
    as_of: datetime
    months: list[RegisteredGroup]
    communities: list[RegisteredGroup]


class ServedGroup(BaseModel):
    """Hours of a group, and of how many people; None: not shown."""

    code: str | None
    name: str | None
    hours: int | None
    volunteers: int | None
    few: bool


class Hours(BaseModel):
    """Hours of the year, and of how many people."""

    hours: int | None
    volunteers: int | None
    few: bool
    as_of: datetime
    months: list[ServedGroup]
    stations: list[ServedGroup]


class HeldGroup(BaseModel):
    """How many activities there were."""

    code: str
    name: str | None
    activities: int


class Held(BaseModel):
    """Activities of the year."""

    activities: int
    as_of: datetime
    months: list[HeldGroup]
    stations: list[HeldGroup]


REGISTER = Read("registry", "/v1/public/statistics", Register)
HOURS = Read("assessment", "/v1/public/statistics", Hours)
HELD = Read("activities", "/v1/public/statistics", Held)


@dataclass(frozen=True, slots=True)
class Row:
    """A month or a station, as three services know it; None: there is nothing of it, or its service is away."""

    code: str | None
    name: str | None
    registered: RegisteredGroup | None
    served: ServedGroup | None
    held: HeldGroup | None


@dataclass(frozen=True, slots=True)
class YearFigures:
    """A year; what is None is away."""

    year: int
    register: Register | None
    hours: Hours | None
    held: Held | None

    @property
    def as_of(self) -> datetime | None:
        """Since when none of it has been looked at anew."""
        return min((one.as_of for one in (self.register, self.hours, self.held) if one), default=None)

    @property
    def is_empty(self) -> bool:
        """Whether every service answers, and none has anything of this year."""
        return not self.months and None not in (self.register, self.hours, self.held)

    @property
    def months(self) -> Sequence[Row]:
        """The months of which anything is known, the first one first."""
        registered = {one.code: one for one in self.register.months} if self.register else {}
        served = {one.code: one for one in self.hours.months} if self.hours else {}
        held = {one.code: one for one in self.held.months} if self.held else {}
        codes = sorted({code for code in (*registered, *served, *held) if code})
        return [Row(code, None, registered.get(code), served.get(code), held.get(code)) for code in codes]

    @property
    def stations(self) -> Sequence[Row]:
        """The stations at which there was anything, by code; last, all that registry has not told of yet."""
        served = {one.code: one for one in self.hours.stations} if self.hours else {}
        held = {one.code: one for one in self.held.stations} if self.held else {}
        names: dict[str | None, str | None] = {code: one.name for code, one in held.items()}
        names |= {code: one.name for code, one in served.items()}
        codes = sorted({*served, *held}, key=lambda code: (code is None, code))
        return [Row(code, names[code], None, served.get(code), held.get(code or "")) for code in codes]


async def year_figures(calls: Upstream, kept: Kept, district: str, year: int) -> YearFigures:
    """Return a year's figures, from three services at once."""
    asked = {"district": district, "year": year}
    register, hours, held = await asyncio.gather(
        unless_away(kept.get((REGISTER, district, year), lambda: calls.read(REGISTER, **asked))),
        unless_away(kept.get((HOURS, district, year), lambda: calls.read(HOURS, **asked))),
        unless_away(kept.get((HELD, district, year), lambda: calls.read(HELD, **asked))),
    )
    return YearFigures(year, register, hours, held)
