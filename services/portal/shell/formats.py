"""How figures and times are written, in one language: ``Formats("zh-CN").span(start, end)``.

Invariant: times are shown in China's zone; a day near today has its name as well, never instead of the date.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from gettext import NullTranslations

from babel.dates import format_date
from babel.numbers import format_decimal

from shared.contracts.calendar import CHINA
from shared.store.event_log import now

_HOUR = 60
_MORNING, _NOON, _EVENING = 5, 12, 18


class Formats:
    """Filters of the templates of one language."""

    def __init__(self, language: str, texts: NullTranslations, clock: Callable[[], datetime] = now) -> None:
        self._chinese = language.startswith("zh")
        self._locale = "zh_CN" if self._chinese else "en_GB"
        self._ = texts.gettext
        self._now = clock

    def today(self) -> date:
        """Return the day it is."""
        return self._now().astimezone(CHINA).date()

    def greeting(self) -> str:
        """Return which part of the day it is: ``morning``, ``afternoon``, ``evening``."""
        hour = self._now().astimezone(CHINA).hour
        return "evening" if hour >= _EVENING or hour < _MORNING else "morning" if hour < _NOON else "afternoon"

    def day(self, moment: datetime | date) -> str:
        """Write a day with its weekday: ``11月28日 周六``, ``Sat 28 Nov``; of another year with that."""
        day = moment.astimezone(CHINA).date() if isinstance(moment, datetime) else moment
        this_year = day.year == self.today().year
        if self._chinese:
            return format_date(day, "M月d日 EEE" if this_year else "y年M月d日", locale=self._locale)
        return format_date(day, "EEE d MMM" if this_year else "d MMM y", locale=self._locale)

    def near_day(self, moment: datetime) -> str:
        """Write a day, today and tomorrow by name: ``今天 11月28日 周六``."""
        names = {0: self._("今天"), 1: self._("明天")}
        name = names.get((moment.astimezone(CHINA).date() - self.today()).days)
        return f"{name} {self.day(moment)}" if name else self.day(moment)

    def month_day(self, moment: datetime) -> str:
        """Write the number of the day in its month."""
        return str(moment.astimezone(CHINA).day)

    def month(self, moment: datetime) -> str:
        """Write the month: ``11月``, ``Nov``."""
        return format_date(moment.astimezone(CHINA).date(), "M月" if self._chinese else "MMM", locale=self._locale)

    def weekday(self, moment: datetime) -> str:
        """Write the day of the week: ``周六``, ``Sat``."""
        return format_date(moment.astimezone(CHINA).date(), "EEE", locale=self._locale)

    def clock(self, moment: datetime) -> str:
        """Write the time of day: ``09:30``."""
        return f"{moment.astimezone(CHINA):%H:%M}"

    def clock_seconds(self, moment: datetime) -> str:
        """Write the time of day to the second: ``09:30:05``."""
        return f"{moment.astimezone(CHINA):%H:%M:%S}"

    def hours(self, start: datetime, end: datetime) -> str:
        """Write from when to when: ``09:00–11:00``; an end on a later day has its date."""
        same = start.astimezone(CHINA).date() == end.astimezone(CHINA).date()
        return f"{self.clock(start)}–{self.clock(end)}" if same else f"{self.clock(start)} – {self.moment(end)}"

    def span(self, start: datetime, end: datetime) -> str:
        """Write a day and from when to when."""
        return f"{self.near_day(start)} {self.hours(start, end)}"

    def moment(self, moment: datetime) -> str:
        """Write a day and a time."""
        return f"{self.day(moment)} {self.clock(moment)}"

    def stamp(self, moment: datetime) -> str:
        """Write a moment for machines: the value of ``<time datetime>``."""
        return moment.astimezone(CHINA).isoformat(timespec="minutes")

    def read_moment(self, text: str) -> datetime:
        """Read a moment that a problem document names."""
        return datetime.fromisoformat(text)

    def number(self, value: int) -> str:
        """Write a whole number in thousands: ``27,300``."""
        return format_decimal(value, locale=self._locale)

    def duration(self, minutes: int) -> str:
        """Write minutes as hours and minutes: ``519 小时 1 分``, ``519 h 1 min``; what is taken off has a minus."""
        if minutes < 0:
            return f"−{self.duration(-minutes)}"
        hours, rest = divmod(minutes, _HOUR)
        words = ("小时", "分") if self._chinese else ("h", "min")
        parts = [f"{self.number(hours)} {words[0]}"] if hours else []
        if rest or not hours:
            parts.append(f"{rest} {words[1]}")
        return " ".join(parts)

    def until(self, moment: datetime) -> str:
        """Write how long it is until then, in the largest unit that fits."""
        left = max(moment - self._now(), timedelta(0))
        if left >= timedelta(days=2):
            return self._("%(n)s 天后") % {"n": left.days}
        if left >= timedelta(hours=1):
            return self._("%(n)s 小时后") % {"n": left // timedelta(hours=1)}
        return self._("%(n)s 分钟后") % {"n": max(1, left // timedelta(minutes=1))}
