"""Staff as registry's own events tell of them, to be held against its table (ADR 0012)."""

from services.registry.station_staff.tables import station_staff
from shared.store.entries import own_entries, same_names

STATION_STAFF = own_entries(
    "station_staff", station_staff, same_names("station_id", "employment", "source", "since", "until")
)
