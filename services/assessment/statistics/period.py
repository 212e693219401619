"""Which records a figure is of."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from shared.contracts import Provenance


@dataclass(frozen=True, slots=True)
class Period:
    """Which records count: those that began on a day in [``start``, ``end``), of one provenance; None is no bound."""

    CONDITION: ClassVar[str] = """
        (CAST(:start AS date) IS NULL OR e.service_on >= :start)
        AND (CAST(:end AS date) IS NULL OR e.service_on < :end)
        AND (CAST(:provenance AS text) IS NULL OR e.provenance = :provenance)
    """

    start: date | None = None
    end: date | None = None
    provenance: Provenance | None = None

    def values(self) -> dict[str, Any]:
        """Return what ``CONDITION`` binds."""
        return {"start": self.start, "end": self.end, "provenance": self.provenance}
