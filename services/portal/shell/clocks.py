"""Days and times as forms and addresses write them, read in China's zone.

Invariant: what is read is what the fields of browsers send (HTML, 2.3.5), ``2026-03-01``, ``09:00`` with or without
seconds, and both with a ``T`` between; anything else is None, and so for a page to say that it is missing.
"""

import re
from datetime import date, datetime, time, timedelta

from shared.contracts.calendar import CHINA, begin_of

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def read_day(text: str) -> date | None:
    """Return a day: ``2026-03-01``."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def read_clock(text: str) -> time | None:
    """Return a time of day: ``09:00``."""
    try:
        return time.fromisoformat(text) if _CLOCK.fullmatch(text) else None
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """Return a moment: ``2026-03-01T09:00``."""
    day, _, clock = text.partition("T")
    return moment_of(day, clock)


def moment_of(day: str, clock: str) -> datetime | None:
    """Return the moment of a day and a time of day that are written apart."""
    on, at = read_day(day), read_clock(clock)
    return datetime.combine(on, at, CHINA) if on is not None and at is not None else None


def end_of(day: date) -> datetime:
    """Return the last second of a day, until which one may answer."""
    return begin_of(day + timedelta(days=1)) - timedelta(seconds=1)
