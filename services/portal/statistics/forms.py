"""Which figures are wanted, as an address says it: a period, a group, how records are vouched for.

Invariant: the last day that is typed counts; what is no day is said to be none, and asks for nothing.
"""

from calendar import monthrange
from datetime import timedelta
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from services.portal.shell.clocks import read_day
from services.portal.shell.forms import ShortText
from shared.contracts.faults import Code, Fault

Grouping = Literal["station", "team", "service", "month", "category"]
GROUPINGS: tuple[Grouping, ...] = ("station", "team", "service", "month", "category")
NONE = "-"
"""What assessment calls the group without a code: no team, a station that registry has not told of."""
NARROWED = ("station", "team", "service", "category", "volunteer")
"""What figures can be narrowed to: a group's code, or a volunteer's number."""


class WantedFigures(BaseModel):
    """A period (both days count), what to group by, and one provenance; empty is no bound."""

    model_config = ConfigDict(populate_by_name=True)

    start: ShortText = Field("", alias="from")
    end: ShortText = Field("", alias="to")
    by: Grouping = "station"
    provenance: Literal["", "leader", "self_check_in", "import"] = ""
    station: ShortText = ""
    team: ShortText = ""
    service: ShortText = ""
    category: ShortText = ""
    volunteer: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return the days that are none, each with its sentence."""
        typed = {"from": self.start, "to": self.end}
        return {
            field: Fault("", Code.DATE).message(language)
            for field, day in typed.items()
            if day and read_day(day) is None
        }

    def asked(self) -> dict[str, object]:
        """Return what assessment is asked for, without the group."""
        end = read_day(self.end)
        return {
            "from": read_day(self.start),
            "to": end + timedelta(days=1) if end else None,
            **{name: getattr(self, name) or None for name in ("provenance", *NARROWED)},
        }

    @property
    def is_narrowed(self) -> bool:
        """Whether these are the figures of one group or person alone."""
        return any(getattr(self, name) for name in NARROWED)

    def of_group(self, code: str | None) -> str:
        """Return the query of an address that asks for one group alone: a month is its days that are in the period."""
        if self.by != "month" or code is None:
            return self.address(**{self.by: code or NONE})
        first, last = f"{code}-01", f"{code}-{monthrange(int(code[:4]), int(code[5:]))[1]:02d}"
        return self.address(**{"from": max(self.start, first), "to": min(self.end or last, last)})

    def address(self, **changes: str) -> str:
        """Return the query of an address that asks for the same but for ``changes``."""
        values = {"from": self.start, "to": self.end, "by": self.by, "provenance": self.provenance}
        values |= {name: getattr(self, name) for name in NARROWED}
        return urlencode({name: value for name, value in (values | changes).items() if value})
