"""What an organiser types of an activity, read as its shifts.

Invariant: times are China's; a repeated shift keeps its time of day. What was typed is kept as it was, right or wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.portal.shell.clocks import read_clock, read_day
from shared.contracts.calendar import CHINA
from shared.contracts.text import whole

WEEK = timedelta(weeks=1)
MOST_WEEKS = 26
MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A row of the form as it was typed: a day, from when to when, for how many."""

    day: str = ""
    starts: str = ""
    ends: str = ""
    capacity: str = ""

    @property
    def missing(self) -> list[str]:
        """The fields without which it is no shift."""
        read = {"day": read_day(self.day), "starts": read_clock(self.starts), "ends": read_clock(self.ends)}
        return [name for name, value in read.items() if value is None] + (["capacity"] if not self.capacity else [])

    def moments(self, weeks_later: int = 0) -> tuple[datetime, datetime]:
        """Return start and end. An end that is not after the start is of the same day, for the service to refuse.

        Raises ValueError where something is missing.
        """
        day, starts, ends = read_day(self.day), read_clock(self.starts), read_clock(self.ends)
        if day is None or starts is None or ends is None:
            raise ValueError
        on = day + WEEK * weeks_later
        return datetime.combine(on, starts, CHINA), datetime.combine(on, ends, CHINA)

    def body(self, weeks_later: int = 0) -> dict[str, object]:
        """Return it as activities wants a shift. Raises ValueError where something is missing."""
        starts_at, ends_at = self.moments(weeks_later)
        capacity = whole(self.capacity) or 0
        return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "capacity": capacity}


def changes(typed: ShiftRow, before: ShiftRow) -> dict[str, object]:
    """Return what of a shift is to be different: times that were not touched are not sent, so nobody is asked again.

    Raises ValueError where something is missing.
    """
    body, moved = typed.body(), typed.day != before.day
    if not moved and typed.starts == before.starts:
        del body["starts_at"]
    if not moved and typed.ends == before.ends:
        del body["ends_at"]
    if typed.capacity == before.capacity:
        del body["capacity"]
    return body


def row_of(starts_at: datetime, ends_at: datetime, capacity: int) -> ShiftRow:
    """Return a shift as a row of the form."""
    start, end = starts_at.astimezone(CHINA), ends_at.astimezone(CHINA)
    return ShiftRow(f"{start:%Y-%m-%d}", f"{start:%H:%M}", f"{end:%H:%M}", str(capacity))


def rows_to_copy(shifts: Sequence[tuple[datetime, datetime, int]], now: datetime) -> list[ShiftRow]:
    """Return the rows of a copy: each time of day and weekday once, on its next day that is still to come."""
    rows: dict[tuple[int, str, str], ShiftRow] = {}
    for starts_at, ends_at, capacity in shifts:
        behind = max(now - starts_at, timedelta(0))
        later = WEEK * (behind // WEEK + 1) if behind or starts_at <= now else timedelta(0)
        row = row_of(starts_at + later, ends_at + later, capacity)
        rows.setdefault((starts_at.astimezone(CHINA).weekday(), row.starts, row.ends), row)
    return list(rows.values())[:MOST_ROWS]


def all_shifts(rows: Sequence[ShiftRow], weeks: int) -> list[dict[str, object]]:
    """Return the shifts of rows, each on as many weeks; the row of shift n is ``n % len(rows)``."""
    return list(_repeated(rows, weeks))


def _repeated(rows: Sequence[ShiftRow], weeks: int) -> Iterator[dict[str, object]]:
    for week in range(weeks):
        for row in rows:
            yield row.body(week)
