"""What is shown of activities: to strangers what is open, to a volunteer what they may take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.kept import Kept
from shared.contracts.calendar import CHINA
from shared.http.upstream import Read, Upstream, unless_away

_MANY = 200
_A_PAGE = 50


class Places(BaseModel):
    """A shift and how its places stand."""

    shift_id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    waiting: int
    is_cancelled: bool = False

    @property
    def mark(self) -> str:
        """What of it is shown besides counts: where this differs, an open page asks for the shift again (ADR 0038)."""
        standing = "off" if self.is_cancelled else "full" if self.is_full else "free"
        return f"{self.starts_at.timestamp():.0f}-{self.ends_at.timestamp():.0f}-{standing}"

    @property
    def is_full(self) -> bool:
        """Whether the next who signs up waits."""
        return self.taken >= self.capacity


class OpenActivity(BaseModel):
    """An activity in the list."""

    activity_id: UUID
    title: str
    service: str
    place: str
    station_name: str
    shifts: list[Places]


class OpenActivities(BaseModel):
    """A page of activities."""

    items: list[OpenActivity]
    next_cursor: str | None
    as_of: datetime


class Activity(OpenActivity):
    """All that one should know before signing up (Decree 685, art. 12)."""

    person_in_charge: str
    risk_text: str
    description: str
    needs: list[str] = []
    dangerous: bool = False
    """Nobody under 18 takes part."""
    state: str
    cancelled_reason: str | None
    as_of: datetime

    @property
    def mark(self) -> str:
        """What of all its shifts is shown besides counts."""
        shifts = [f"{shift.shift_id} {shift.mark}" for shift in self.shifts]
        return sha256(" ".join([self.state, *shifts]).encode()).hexdigest()[:16]


class OpenShift(Places):
    """A shift that the caller may take."""

    activity_id: UUID
    title: str
    service: str
    place: str
    station_name: str


class OpenShifts(BaseModel):
    """A page of them."""

    items: list[OpenShift]
    next_cursor: str | None


class Station(BaseModel):
    """A station that activities are of."""

    id: UUID
    name: str


class Stations(BaseModel):
    """A district's stations."""

    items: list[Station]


OPEN_ACTIVITIES = Read("activities", "/v1/public/activities", OpenActivities)
ACTIVITY = Read("activities", "/v1/public/activities/{activity_id}", Activity)
MY_OPEN_SHIFTS = Read("activities", "/v1/me/open-shifts", OpenShifts)
STATIONS = Read("registry", "/v1/stations", Stations)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for: from a day on, for so many days, at a station, a kind, with places, by a text."""

    first: date | None = None
    days: int = 7
    station_id: UUID | None = None
    service: str | None = None
    free: bool = False
    text: str = ""
    everything: bool = False
    """Also what one has signed up for, or cannot take for that (a volunteer's list alone)."""
    cursor: str | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether something is left out that the days would show."""
        return bool(self.station_id or self.service or self.free or self.text)

    def query(self) -> dict[str, object]:
        """Return it as the query of activities' lists."""
        return {
            "from": self.first,
            "days": self.days,
            "station_id": self.station_id,
            "service": self.service,
            "free": self.free or None,
            "text": self.text or None,
            "cursor": self.cursor,
        }


@dataclass(frozen=True, slots=True)
class DayRows:
    """The shifts of one day, by start; ``day`` is a moment of it."""

    day: datetime
    rows: Sequence[OpenShift]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was looked for."""

    days: Sequence[DayRows]
    next_cursor: str | None


def by_day(shifts: Sequence[OpenShift]) -> list[DayRows]:
    """Return shifts under their days in China's zone, by start."""
    ordered = sorted(shifts, key=lambda shift: (shift.starts_at, shift.title))
    grouped = groupby(ordered, lambda shift: shift.starts_at.astimezone(CHINA).date())
    return [DayRows(rows[0].starts_at, rows) for rows in (list(group) for _, group in grouped)]


def shifts_of(activities: Sequence[OpenActivity]) -> list[OpenShift]:
    """Return the shifts of activities, each with what its row says of the activity."""
    return [
        OpenShift(
            **shift.model_dump(),
            activity_id=activity.activity_id,
            title=activity.title,
            service=activity.service,
            place=activity.place,
            station_name=activity.station_name,
        )
        for activity in activities
        for shift in activity.shifts
    ]


async def open_activities(calls: Upstream, kept: Kept, district: str, wanted: Wanted) -> OpenActivities:
    """Return what is open. Raises AwayError and RefusedByServiceError."""
    return await kept.get(
        (OPEN_ACTIVITIES, district, wanted),
        lambda: calls.read(OPEN_ACTIVITIES, district=district, limit=_A_PAGE, **wanted.query()),
    )


async def open_to_all(calls: Upstream, kept: Kept, district: str, wanted: Wanted) -> Found:
    """Return what strangers find."""
    found = await open_activities(calls, kept, district, wanted)
    return Found(by_day(shifts_of(found.items)), found.next_cursor)


async def open_to_me(calls: Upstream, wanted: Wanted) -> Found:
    """Return what the volunteer who asks may take: nothing at a time that they have given away."""
    found = await calls.read(MY_OPEN_SHIFTS, limit=_A_PAGE, **wanted.query())
    return Found(by_day(found.items), found.next_cursor)


async def stations(calls: Upstream, kept: Kept, district: str) -> list[Station]:
    """Return a district's stations; none while registry is away."""
    found = await unless_away(
        kept.get((STATIONS, district), lambda: calls.read(STATIONS, district=district, limit=_MANY))
    )
    return found.items if found else []


async def find_activity(calls: Upstream, kept: Kept, district: str, activity_id: UUID) -> Activity:
    """Return one activity, as anybody sees it. Raises RefusedByServiceError (404) and AwayError."""
    return await kept.get(
        (ACTIVITY, district, activity_id), lambda: calls.read(ACTIVITY, activity_id=activity_id, district=district)
    )
