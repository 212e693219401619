"""Targets of the network: so many of a kind by a day, how far it has come, and when it would be reached at this pace.

Invariant: a forecast is a straight line from where the plan began to where it stands today, and says so; where nothing
was gained there is none. Sources: domain.md lines 10 and 21 ("1 centre, 10 stations, n teams", "every community within
two years").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import ceil


class Kind(StrEnum):
    """What is counted."""

    CENTRES = "centres"
    """Centres that are standard."""
    STATIONS = "stations"
    """Stations that are standard, the centre not counted."""
    TEAMS = "teams"
    """Teams on the register that are not closed."""
    COMMUNITIES = "communities"
    """Communities with a standard station."""


class Outlook(StrEnum):
    """How a target looks."""

    REACHED = "reached"
    ON_TIME = "on_time"
    LATE = "late"
    """At this pace it is reached after its day."""
    NO_PACE = "no_pace"
    """Nothing was gained since the plan began, so nothing can be forecast."""
    TOO_EARLY = "too_early"
    """The plan is less than a week old."""
    OVERDUE = "overdue"


MOST_PLANS = 10
"""That a district goes by at a time."""
SHORTEST = 7
"""Days that a pace is worked out of at least."""
FARTHEST = timedelta(days=365 * 50)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a target has come. ``wanted`` is its quota; ``gained`` what came in ``days`` days."""

    wanted: int
    there: int
    gained: int
    days: int
    outlook: Outlook
    reached_on: date | None
    """When the quota would be reached at the pace so far."""

    @property
    def per_cent(self) -> int:
        """How much of the quota is there, 100 at most; of a quota of nothing, all."""
        return min(100, 100 * self.there // self.wanted) if self.wanted else 100


def progress(wanted: int, at_start: int, there: int, started_on: date, due_on: date, today: date) -> Progress:
    """Return how far a target has come.

    ``at_start``: how many there were when the plan began.
    """
    days, gained = (today - started_on).days, there - at_start
    reached_on = None
    if there < wanted and gained > 0 and days >= SHORTEST:
        ahead = timedelta(days=ceil((wanted - there) * days / gained))
        reached_on = today + ahead if ahead <= FARTHEST else None
    return Progress(wanted, there, gained, days, _outlook(wanted, there, days, reached_on, due_on, today), reached_on)


def _outlook(wanted: int, there: int, days: int, reached_on: date | None, due_on: date, today: date) -> Outlook:
    if there >= wanted:
        return Outlook.REACHED
    if due_on < today:
        return Outlook.OVERDUE
    if reached_on is None:
        return Outlook.TOO_EARLY if days < SHORTEST else Outlook.NO_PACE
    return Outlook.ON_TIME if reached_on <= due_on else Outlook.LATE


def missed(quotas: Mapping[Kind, int], there: Mapping[Kind, int]) -> list[Kind]:
    """Return the kinds whose quota is not there."""
    return [kind for kind, wanted in quotas.items() if there[kind] < wanted]


def quotas_of(wanted: Mapping[str, int | None], every_community: int) -> dict[Kind, int]:
    """Return a plan's quotas as numbers: of communities, None is every one of the district's."""
    return {Kind(kind): every_community if quota is None else quota for kind, quota in wanted.items()}
