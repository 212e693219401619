"""The map of stations, and what of the network waits for somebody.

Invariant: a position on the map is the real one, at one scale for both directions; a station without one is not drawn
but named beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import cos, floor, log10, radians

from services.portal.standard.queries import Standing

WIDTH = 480
_MARGIN = 36
_LOWEST, _HIGHEST = 200, 460
_KM_PER_DEGREE = 111.2
_SIGN, _NUMBER = 22, 44
"""How high a sign is, and how far to the right its number reaches."""
SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Dot:
    """A station on the map: its number in the table, where it is drawn, and on which side the number stands."""

    number: int
    x: float
    y: float
    standing: Standing
    named_left: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """The stations of a district where they are; ``bar_km`` kilometres are ``bar`` long."""

    dots: Sequence[Dot]
    height: int
    bar: float
    bar_km: float
    unplaced: Sequence[Standing]


def map_of(standings: Sequence[Standing]) -> Map:
    """Return the map of stations, numbered in the order given: north is up, a degree is as long as it is there."""
    placed = [
        (number, one.longitude, one.latitude, one)
        for number, one in enumerate(standings, 1)
        if one.longitude is not None and one.latitude is not None
    ]
    unplaced = [one for one in standings if one.longitude is None or one.latitude is None]
    if not placed:
        return Map([], _LOWEST, 0, 0, unplaced)
    west, east = min(lon for _, lon, _, _ in placed), max(lon for _, lon, _, _ in placed)
    south, north = min(lat for _, _, lat, _ in placed), max(lat for _, _, lat, _ in placed)
    narrow = cos(radians((south + north) / 2))
    wide_km, high_km = (east - west) * narrow * _KM_PER_DEGREE, (north - south) * _KM_PER_DEGREE
    scale = min(
        (WIDTH - 2 * _MARGIN) / wide_km if wide_km else 100.0, (_HIGHEST - 2 * _MARGIN) / high_km if high_km else 100.0
    )
    height = max(_LOWEST, round(high_km * scale) + 2 * _MARGIN)
    left, top = (WIDTH - wide_km * scale) / 2, (height - high_km * scale) / 2
    dots = [
        Dot(
            number,
            round(left + (lon - west) * narrow * _KM_PER_DEGREE * scale, 1),
            round(top + (north - lat) * _KM_PER_DEGREE * scale, 1),
            one,
        )
        for number, lon, lat, one in placed
    ]
    bar_km = _round_length(WIDTH / 5 / scale)
    dots = [replace(dot, named_left=_is_crowded(dot, dots)) for dot in dots]
    return Map(dots, height, round(bar_km * scale, 1), bar_km, unplaced)


def _is_crowded(dot: Dot, dots: Sequence[Dot]) -> bool:
    """Return whether a number on the right would be on another station, or beyond the edge."""
    others = ((other.x - dot.x, abs(other.y - dot.y)) for other in dots if other is not dot)
    return dot.x > WIDTH - _MARGIN - 12 or any(0 <= right < _NUMBER and off < _SIGN for right, off in others)


def _round_length(most_km: float) -> float:
    """Return the greatest of 1, 2 and 5 times a power of ten that is not more."""
    power = 10.0 ** floor(log10(most_km))
    return next(step * power for step in (5, 2, 1) if step * power <= most_km)


def lapsed(standings: Sequence[Standing]) -> list[Standing]:
    """Return the stations that were standard and are not any more."""
    return [one for one in standings if one.status == "lapsed"]


def ending_soon(standings: Sequence[Standing], today: date) -> list[Standing]:
    """Return the stations of which a judgement ends within thirty days, the first one first."""
    soon = [one for one in standings if one.expires_on and one.expires_on <= today + SOON]
    return sorted(soon, key=lambda one: (one.expires_on or today, one.code))


def waiting(standings: Sequence[Standing]) -> list[Standing]:
    """Return the stations whose evidence nobody has judged yet."""
    return [one for one in standings if one.waiting]


def least_regular(standings: Sequence[Standing]) -> list[Standing]:
    """Return the stations, the least regular first."""
    return sorted(standings, key=lambda one: (one.regularity.months, one.regularity.days, one.code))
