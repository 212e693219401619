"""Which records a figure is of."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.contracts import Provenance

_CONDITIONS = {
    "start": "e.service_on >= :start",
    "end": "e.service_on < :end",
    "provenance": "e.provenance = :provenance",
}


@dataclass(frozen=True, slots=True)
class Period:
    """Which records count: those that began on a day in [``start``, ``end``), of one provenance; None is no bound."""

    start: date | None = None
    end: date | None = None
    provenance: Provenance | None = None

    def values(self) -> dict[str, Any]:
        """Return the bounds that there are, as `condition` binds them."""
        every = {"start": self.start, "end": self.end, "provenance": self.provenance}
        return {name: value for name, value in every.items() if value is not None}

    def condition(self) -> str:
        """Return the SQL that holds for an entry ``e`` of the period.

        It says nothing of a bound that is not there, so that a plan that is kept can go by the bounds that are.
        """
        return " AND ".join(["true", *(_CONDITIONS[name] for name in self.values())])
