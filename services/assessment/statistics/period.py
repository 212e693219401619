"""Which records a figure is of."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from shared.contracts import Provenance

_CONDITIONS = {
    "start": "e.service_on >= :start",
    "end": "e.service_on < :end",
    "provenance": "e.provenance = :provenance",
    "station": "e.station_id = (SELECT id FROM known_station WHERE district = :district AND code = :station)",
    "service": "e.service = :service",
    "category": (
        "e.volunteer_id IN (SELECT id FROM known_volunteer WHERE district = :district AND category = :category)"
    ),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Which records count; None is no bound.

    Those that began on a day in [``start``, ``end``), of one provenance, at one station (its code), of one service, of
    people of one category.
    """

    start: date | None = None
    end: date | None = None
    provenance: Provenance | None = None
    station: str | None = None
    service: str | None = None
    category: str | None = None

    def values(self) -> dict[str, Any]:
        """Return the bounds that there are, as `condition` binds them."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def condition(self) -> str:
        """Return the SQL that holds for an entry ``e`` of the period.

        It says nothing of a bound that is not there, so that a plan that is kept can go by the bounds that are.
        """
        return " AND ".join(["true", *(_CONDITIONS[name] for name in self.values())])
