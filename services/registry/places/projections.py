"""Places as registry's own events tell of them, to be held against its tables (ADR 0012)."""

from services.registry.places.tables import guiding_body, organisation, station, team
from shared.store.entries import own_entries, same_names

GUIDING_BODIES = own_entries("guiding_body", guiding_body, same_names("code", "name"))
ORGANISATIONS = own_entries(
    "organisation",
    organisation,
    same_names("code", "name", "kind", "closed_on", "host_unit", "parent_code", "guiding_body_id"),
)
STATIONS = own_entries(
    "station",
    station,
    same_names("code", "name", "level", "division_code", "opened_on", "volunteer_quota", "closed_on", "operators"),
)
TEAMS = own_entries(
    "team",
    team,
    same_names(
        *("code", "name", "kind", "organisation_id", "station_id", "focus_service", "closed_on"),
        *("is_head", "merged_into_id"),
    ),
)
