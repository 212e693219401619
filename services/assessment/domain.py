"""The rules that figures follow: data of a named, dated rule set, so that every figure says which rules made it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

MINUTES_PER_HOUR = 60
ZONE = "Asia/Shanghai"
"""Days, months and windows are in the district's zone; all of China has this one."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of a district's rules.

    ``star_hours``: lifetime hours at which each star level is reached, from one star on (民函〔2012〕340号; Sichuan's
    trial rules of star levels). ``selected_levels``: levels that hours alone do not give. The annual window runs from
    ``window_month``-``window_day`` to the day before it a year later.
    """

    name: str
    star_hours: tuple[int, ...]
    selected_levels: frozenset[int]
    window_month: int
    window_day: int
    eligible_minutes: int
    eligible_months: int
    nominated_share: float

    @property
    def automatic_thresholds(self) -> list[int]:
        """Return the minutes at which each level follows from hours alone, in rising order."""
        levels = range(1, len(self.star_hours) + 1)
        return [
            hours * MINUTES_PER_HOUR
            for level, hours in zip(levels, self.star_hours, strict=True)
            if not any(selected <= level for selected in self.selected_levels)
        ]

    def star_level(self, minutes: int) -> int:
        """Return the level that lifetime ``minutes`` give; at the threshold itself it is reached."""
        return sum(minutes >= threshold for threshold in self.automatic_thresholds)

    def window(self, year: int) -> tuple[date, date]:
        """Return the first day of the window that ends in ``year``, and the day after its last."""
        return date(year - 1, self.window_month, self.window_day), date(year, self.window_month, self.window_day)


def rule_set(name: str, rules: dict[str, Any]) -> RuleSet:
    """Read a rule set as it is stored. Raises KeyError or TypeError where a rule is missing or malformed."""
    return RuleSet(
        name=name,
        star_hours=tuple(rules["star_hours"]),
        selected_levels=frozenset(rules["selected_levels"]),
        window_month=rules["window_month"],
        window_day=rules["window_day"],
        eligible_minutes=rules["eligible_minutes"],
        eligible_months=rules["eligible_months"],
        nominated_share=rules["nominated_share"],
    )


DEFAULT = rule_set(
    "default/2025.1",
    {
        "star_hours": [100, 300, 600, 1000, 1500],
        "selected_levels": [],
        "window_month": 12,
        "window_day": 5,
        "eligible_minutes": 20 * MINUTES_PER_HOUR,
        "eligible_months": 3,
        "nominated_share": 0.01,
    },
)
"""What holds in a district that has no rule set of its own."""
