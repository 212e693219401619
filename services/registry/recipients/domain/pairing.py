"""A long pairing (结对) of a volunteer or a team with a household: how often one visits, and when a visit is due.

Invariant: a pairing is with a volunteer or with a team, never both; it ends on no day before it began.
"""

from datetime import date, timedelta
from enum import StrEnum

from shared.contracts.faults import Code, Fault, RefusedError


class Rhythm(StrEnum):
    """How often the household is visited."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


DAYS = {Rhythm.WEEKLY: 7, Rhythm.FORTNIGHTLY: 14, Rhythm.MONTHLY: 31}
LONGEST = timedelta(days=5 * 366)
LONGEST_VISIT = 12 * 60
"""Minutes."""


def next_visit(rhythm: Rhythm, starts_on: date, last: date | None) -> date:
    """Return the day by which the next visit is due: a rhythm after the last one, or after the beginning."""
    return (last or starts_on) + timedelta(days=DAYS[rhythm])


def check_span(starts_on: date, ends_on: date | None, today: date) -> None:
    """Refuse a span that is turned round, begins more than a year from now, or lasts for more than five."""
    faults = []
    if starts_on > today + timedelta(days=366) or starts_on < today - LONGEST:
        faults.append(Fault("starts_on", Code.OUT_OF_RANGE))
    if ends_on is not None and ends_on < starts_on:
        faults.append(Fault("ends_on", Code.END_BEFORE_START))
    elif ends_on is not None and ends_on > starts_on + LONGEST:
        faults.append(Fault("ends_on", Code.OUT_OF_RANGE))
    if faults:
        raise RefusedError(*faults)


def check_visit(visited_on: date, minutes: int, starts_on: date, ended_on: date | None, today: date) -> None:
    """Refuse a visit that is to come, or was before the pairing or after its end."""
    faults = []
    if visited_on > today:
        faults.append(Fault("visited_on", Code.IN_FUTURE))
    elif visited_on < starts_on:
        faults.append(Fault("visited_on", Code.TOO_EARLY))
    elif ended_on is not None and visited_on > ended_on:
        faults.append(Fault("visited_on", Code.TOO_LATE))
    if not 1 <= minutes <= LONGEST_VISIT:
        faults.append(Fault("minutes", Code.OUT_OF_RANGE))
    if faults:
        raise RefusedError(*faults)
