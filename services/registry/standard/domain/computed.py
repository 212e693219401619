"""The three criteria that follow from service at a station (domain.md row 12), and how regular that service is.

Invariant: months are calendar months in China; what is found depends on the days of service and on today alone, so the
same log gives the same finding. A window of n months ends with the month of today. Only the turn of a month, or a
correction, can make a criterion lapse; service can only make it hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.registry.standard.domain.template import By, Criterion
from shared.contracts.calendar import festival_of

REGULARITY_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Service:
    """The service at a station that criteria look at.

    ``days`` are those of the last year on which somebody served; ``steady`` people served in at least as many months of
    the window as the criterion wants; ``kinds`` is in how many months of the window each kind of service was given.
    """

    days: Sequence[date] = ()
    steady: int = 0
    kinds: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a computed criterion holds, and the figures that say why, as plain JSON."""

    holds: bool
    facts: Mapping[str, object]


def first_of_window(today: date, months: int) -> date:
    """Return the first day of a window of so many months that ends with today's."""
    count = today.year * 12 + today.month - months
    return date(count // 12, count % 12 + 1, 1)


def next_month(day: date) -> date:
    """Return the first day of the month after a day's: when a computed criterion may lapse."""
    return first_of_window(day, 0)


def months_before(today: date, months: int) -> list[date]:
    """Return the first days of so many whole months before today's, the oldest first."""
    return [first_of_window(today, back + 1) for back in range(months, 0, -1)]


def find(criterion: Criterion, service: Service, today: date) -> Finding:
    """Return whether a computed criterion holds today. Raises ValueError for one that is judged."""
    match criterion.by:
        case By.STABLE_TEAM:
            facts = {"people": service.steady, "wanted": criterion.people}
            return Finding(service.steady >= criterion.people, facts)
        case By.LONG_TERM:
            had = {day.replace(day=1) for day in service.days}
            missing = [month for month in months_before(today, criterion.window) if month not in had]
            return Finding(not missing, {"missing": [f"{month:%Y-%m}" for month in missing]})
        case By.FIXED_PROJECTS:
            fixed = sorted(kind for kind, months in (service.kinds or {}).items() if months >= criterion.months)
            return Finding(len(fixed) >= criterion.kinds, {"fixed": fixed, "wanted": criterion.kinds})
        case By.JUDGEMENT:
            raise ValueError(criterion.code)


@dataclass(frozen=True, slots=True)
class Regularity:
    """How regular service was in the twelve months up to today: days of it, those on a festival, months with any."""

    days: int
    on_festivals: int
    months: int

    @property
    def outside_festivals(self) -> int | None:
        """The share of days outside festivals, in per cent; None where nobody served."""
        return round(100 * (self.days - self.on_festivals) / self.days) if self.days else None


def regularity(days: Sequence[date], today: date) -> Regularity:
    """Return how regular the service of these days is: the public wants it all the year round (domain.md, line 13)."""
    first = first_of_window(today, REGULARITY_MONTHS)
    counted = {day for day in days if first <= day <= today}
    return Regularity(
        days=len(counted),
        on_festivals=sum(festival_of(day) is not None for day in counted),
        months=len({day.replace(day=1) for day in counted}),
    )
