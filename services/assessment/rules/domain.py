"""The rules that figures follow: a named, dated rule set, so that every figure can say which rules made it.

Invariant: a rule set is data (a row of ``rule_set``) and never changes; new rules are a new one with a later
``effective_from``. A district without one of its own follows the platform's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise, zip_longest

MINUTES_PER_HOUR = 60
PLATFORM = "000000"
"""The district code under which the platform's own rule sets stand."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of a district's rules.

    Days, months and windows are in ``zone``. ``star_hours``: lifetime hours at which each level is reached, one star
    first (100/300/600/1000/1500 after 民函〔2012〕340号). The annual window runs from ``window_month``-``window_day``
    to the day before it a year later. Who has ``eligible_hours`` and ``eligible_months`` in it is eligible; the best
    ``nominated_percent`` of each group, rounded up, are nominated.

    score = hours_weight · min(hours / full_hours, 1) + months_weight · min(months / full_months, 1)
    + rating_weight · (rating - 1) / 4, where rating = (sum + prior_ratings · prior_rating) / (count + prior_ratings).
    """

    district: str
    name: str
    effective_from: datetime
    zone: str
    star_hours: tuple[int, ...]
    window_month: int
    window_day: int
    eligible_hours: int
    eligible_months: int
    nominated_percent: int
    full_hours: int
    hours_weight: int
    full_months: int
    months_weight: int
    rating_weight: int
    prior_ratings: int
    prior_rating: int

    def __post_init__(self) -> None:
        if not self.star_hours or any(low >= high for low, high in pairwise((0, *self.star_hours))):
            raise ValueError(f"{self.name}: the hours of star levels must rise from above 0")

    @property
    def star_minutes(self) -> list[int]:
        """Return the lifetime minutes at which each star level is reached, one star first."""
        return [hours * MINUTES_PER_HOUR for hours in self.star_hours]

    def star_level(self, minutes: int) -> int:
        """Return the level that lifetime ``minutes`` give; at the threshold itself it is reached."""
        return sum(minutes >= threshold for threshold in self.star_minutes)

    def minutes_to_next_level(self, level: int, minutes: int) -> int | None:
        """Return how many more minutes reach the level after ``level``; None at the highest."""
        return max(0, self.star_minutes[level] - minutes) if level < len(self.star_minutes) else None

    def window(self, year: int) -> tuple[date, date]:
        """Return the first day of the window that ends in ``year``, and the day after its last."""
        return date(year - 1, self.window_month, self.window_day), date(year, self.window_month, self.window_day)


class RuleBook:
    """The rule sets of some districts, and the platform's."""

    def __init__(self, rule_sets: Iterable[RuleSet]) -> None:
        self._newest_first = sorted(rule_sets, key=lambda rules: rules.effective_from, reverse=True)

    def in_force(self, district: str, at: datetime) -> RuleSet:
        """Return the rule set that a district follows at a moment. Raises LookupError where the platform has none."""
        for owner in (district, PLATFORM):
            for rules in self._newest_first:
                if rules.district == owner and rules.effective_from <= at:
                    return rules
        raise LookupError(f"no rule set is in force at {at}")

    def periods(self, district: str) -> Iterator[tuple[datetime, datetime | None, RuleSet]]:
        """Give (since, until, rule set) for all that a district has followed; the last has no end."""
        changes = sorted({r.effective_from for r in self._newest_first if r.district in (district, PLATFORM)})
        for since, until in zip_longest(changes, changes[1:]):
            yield since, until, self.in_force(district, since)
