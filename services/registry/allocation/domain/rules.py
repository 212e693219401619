"""The published table of an allocation: what a place costs whom, and what a person's skills are good for.

Invariant: every cost is a whole number and follows from this table and the snapshot alone, so anybody can add it up
again. A change of the table is a new `RULES`; a plan keeps the one that it was made by (domain.md rows 14 and 15).
"""

from collections.abc import Iterable, Mapping
from math import asin, cos, radians, sin, sqrt
from typing import TypeAlias

RULES = "2026-1"
"""The version of this table."""
PER_MINUTE = 10
"""What a minute of travel costs, one way."""
NO_SKILL = 100
"""A service that the person wants to do, but has no skill for."""
UNWANTED = 300
"""A service that the person did not name. A skill counts only where its owner wants to use it (Decree 685 art. 25)."""
MOVED = 200
"""To be given another place than the one that one has been proposed and has not answered yet."""
LOST = 10_000
"""To be left without the place that one has been proposed: only where there is no other way."""
LEAST = 10
"""No station that asks for as many gets fewer, where there are enough for all."""
WIDEST_GAP_MINUTES = 10
"""A difference of mean travel between two universities that is pointed out before the plan is approved."""

Point: TypeAlias = tuple[float, float]
"""Longitude and latitude in degrees."""

ANY_SERVICE = ""
"""What is done at a station that has named no need: whatever the person wants to do."""

_SERVICES_OF_SKILL: Mapping[str, frozenset[str]] = {
    "cooking": frozenset({"elderly"}),
    "counselling": frozenset({"disability", "youth"}),
    "dance": frozenset({"culture"}),
    "driving": frozenset({"event"}),
    "english": frozenset({"event", "tutoring"}),
    "environment": frozenset({"environment"}),
    "first_aid": frozenset({"event", "health"}),
    "it": frozenset({"elderly", "tutoring"}),
    "japanese": frozenset({"event"}),
    "law": frozenset({"law"}),
    "music": frozenset({"culture"}),
    "nursing": frozenset({"disability", "elderly", "health"}),
    "photography": frozenset({"civic", "culture", "event"}),
    "repair": frozenset({"elderly"}),
    "sign_language": frozenset({"disability"}),
    "tax": frozenset({"law"}),
    "tutoring": frozenset({"tutoring", "youth"}),
}
_DETOUR, _MINUTES_PER_KM, _EARTH_KM = 1.3, 4.0, 6371.0
"""A way is 1.3 times the straight line, at 15 km/h: a bicycle, or a bus with its waiting."""


def services_of(skills: Iterable[str]) -> frozenset[str]:
    """Return the services that somebody's skills are good for."""
    return frozenset().union(*(_SERVICES_OF_SKILL.get(skill, frozenset()) for skill in skills))


def travel_table(
    origins: Mapping[str, Point | None], stations: Mapping[str, Point | None]
) -> dict[str, dict[str, int]]:
    """Return what travel costs, origin -> station -> tenths of minutes.

    Where a position is not known, a way is as long as the mean of the known ones from that origin, else of all, else 0.
    """
    known = {
        origin: {code: _travel(start, end) for code, end in stations.items() if start and end}
        for origin, start in origins.items()
    }
    overall = _mean([cost for costs in known.values() for cost in costs.values()], 0)
    return {
        origin: {code: costs.get(code, _mean(list(costs.values()), overall)) for code in stations}
        for origin, costs in known.items()
    }


def _mean(costs: list[int], otherwise: int) -> int:
    return round(sum(costs) / len(costs)) if costs else otherwise


def _travel(start: Point, end: Point) -> int:
    (east, north), (other_east, other_north) = (tuple(map(radians, point)) for point in (start, end))
    half = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
    return round(2 * _EARTH_KM * asin(sqrt(half)) * _DETOUR * _MINUTES_PER_KM * PER_MINUTE)
