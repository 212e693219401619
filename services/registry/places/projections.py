"""Places as registry's own events tell of them, to be held against its tables (ADR 0012)."""

from services.registry.places.tables import organisation, station, team
from shared.store.entries import own_entries, same_names

ORGANISATIONS = own_entries("organisation", organisation, same_names("code", "name", "kind", "closed_on"))
STATIONS = own_entries(
    "station",
    station,
    same_names("code", "name", "level", "division_code", "opened_on", "volunteer_quota", "closed_on"),
)
TEAMS = own_entries(
    "team",
    team,
    same_names("code", "name", "kind", "organisation_id", "station_id", "focus_service", "closed_on"),
)
