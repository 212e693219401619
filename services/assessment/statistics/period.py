"""Which records a figure is of."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from services.assessment.ledger.queries import ENTRIES_OF
from shared.contracts import Provenance

MEMBERSHIPS = """
    SELECT volunteer_id, team_id,
           CASE WHEN row_number() OVER told = 1 THEN '-infinity' ELSE since END AS since,
           lead(since, 1, 'infinity') OVER told AS until
    FROM team_membership WHERE district = :district {whose}
    WINDOW told AS (PARTITION BY volunteer_id ORDER BY version)
"""
"""SQL: who was in which team from when until when. A session counts for the team of its time; one before the first that
is known of, as imported ones are, for the first."""
NONE = "-"
"""In place of a station's, category's or team's code: the records of none that registry has told of."""
_CONDITIONS = {
    "start": "e.service_on >= :start",
    "end": "e.service_on < :end",
    "provenance": "e.provenance = :provenance",
    "station": "e.station_id = (SELECT id FROM known_station WHERE district = :district AND code = :station)",
    "service": "e.service = :service",
    "category": (
        "e.volunteer_id IN (SELECT id FROM known_volunteer WHERE district = :district AND category = :category)"
    ),
    "team": f"""
        e.entered_under IN (
            SELECT volunteer_id FROM team_membership WHERE district = :district
               AND team_id = (SELECT id FROM known_team WHERE district = :district AND code = :team)
        ) AND EXISTS (
            SELECT FROM ({MEMBERSHIPS.format(whose="AND volunteer_id = e.entered_under")}) m
            WHERE m.team_id = (SELECT id FROM known_team WHERE district = :district AND code = :team)
              AND e.started_at >= m.since AND e.started_at < m.until
        )
    """,
    "volunteer": f"""
        e.volunteer_id = (SELECT id FROM known_volunteer WHERE district = :district AND number = :volunteer)
        AND e.entered_under IN (
            SELECT own.id
            FROM (SELECT district, id AS volunteer_id FROM known_volunteer
                  WHERE district = :district AND number = :volunteer) v
            CROSS JOIN LATERAL {ENTRIES_OF.format(of="v")} own
        )
    """,
}
_OF_NONE = {
    "station": "e.station_id NOT IN (SELECT id FROM known_station WHERE district = :district)",
    "category": "e.volunteer_id NOT IN (SELECT id FROM known_volunteer WHERE district = :district)",
    "team": f"""
        (e.entered_under NOT IN (
            SELECT volunteer_id FROM team_membership WHERE district = :district
               AND team_id IN (SELECT id FROM known_team WHERE district = :district)
        ) OR NOT EXISTS (
            SELECT FROM ({MEMBERSHIPS.format(whose="AND volunteer_id = e.entered_under")}) m
            WHERE m.team_id IN (SELECT id FROM known_team WHERE district = :district)
              AND e.started_at >= m.since AND e.started_at < m.until
        ))
    """,
}


@dataclass(frozen=True, slots=True)
class Period:
    """Which records count; None is no bound.

    Those that began on a day in [``start``, ``end``), of one provenance, at one station (its code), of one service, of
    people of one category, of one team (its code) at that time, of one volunteer (their number).
    The code of a station, category or team may be `NONE`.
    """

    start: date | None = None
    end: date | None = None
    provenance: Provenance | None = None
    station: str | None = None
    service: str | None = None
    category: str | None = None
    team: str | None = None
    volunteer: str | None = None

    def values(self) -> dict[str, Any]:
        """Return the bounds that there are, as `condition` binds them."""
        return {name: value for name, value in self._bounds().items() if not self._is_of_none(name)}

    def condition(self) -> str:
        """Return the SQL that holds for an entry ``e`` of the period, one of `PERSONAL_ENTRIES`.

        It says nothing of a bound that is not there, so that a plan that is kept can go by the bounds that are.
        """
        conditions = ((_OF_NONE if self._is_of_none(name) else _CONDITIONS)[name] for name in self._bounds())
        return " AND ".join(["true", *conditions])

    def _bounds(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    def _is_of_none(self, name: str) -> bool:
        return name in _OF_NONE and getattr(self, name) == NONE
