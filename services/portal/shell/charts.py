"""Charts as SVG, made on the server: attributes only, so that no style needs to be inline.

Invariant: a chart comes with the sentence that says what it shows and with the same figures as a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.calendar import CHINA

_MONTHS = 12
_HEIGHT = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its label's month (1 to 12), its whole month ``2026-03``, its value, its height out of 100."""

    month: int
    name: str
    value: int
    height: int
    is_highest: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of the last twelve months, the latest last."""

    bars: Sequence[Bar]
    total: int

    @property
    def highest(self) -> Bar | None:
        """The highest bar, if there is any above nothing."""
        return next((bar for bar in self.bars if bar.is_highest), None)


def month_bars(by_month: Sequence[tuple[str, int]], now: datetime) -> Bars:
    """Return the bars of the twelve months up to now, of values by month; a month without one is nothing."""
    values = dict(by_month)
    today = now.astimezone(CHINA)
    last = today.year * 12 + today.month - 1
    names = [f"{month // 12}-{month % 12 + 1:02d}" for month in range(last - _MONTHS + 1, last + 1)]
    highest = max((values.get(name, 0) for name in names), default=0)
    top = next((name for name in names if highest and values.get(name) == highest), None)
    bars = [
        Bar(
            month=int(name[5:]),
            name=name,
            value=values.get(name, 0),
            height=round(values.get(name, 0) * _HEIGHT / highest) if highest else 0,
            is_highest=name == top,
        )
        for name in names
    ]
    return Bars(bars, sum(bar.value for bar in bars))


@dataclass(frozen=True, slots=True)
class RankedBar:
    """A bar that lies: what it is called, its value, its length out of 100."""

    label: str
    value: int
    length: float


def ranked_bars(values: Sequence[tuple[str, int]], most: int, rest: str) -> Sequence[RankedBar]:
    """Return at most so many bars, in the order given; what is over is one bar, called ``rest``.

    Their values add up to the sum of all, whatever is left out of sight.
    """
    shown = list(values)
    if len(shown) > most:
        shown = [*shown[: most - 1], (rest, sum(value for _, value in shown[most - 1 :]))]
    longest = max((value for _, value in shown), default=0)
    return [
        RankedBar(label, value, round(max(value, 0) * 100 / longest, 1) if longest > 0 else 0) for label, value in shown
    ]
