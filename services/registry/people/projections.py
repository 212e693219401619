"""Volunteers as registry's own events tell of them, to be held against its table. Personal data is in no event."""

from services.registry.people.tables import volunteer
from shared.store.entries import own_entries, same_names

VOLUNTEERS = own_entries(
    "volunteers",
    volunteer,
    {
        "number": "volunteer_no",
        **same_names("category", "organisation_id", "team_id", "registered_on", "minor", "guardian_agreed"),
    },
)
