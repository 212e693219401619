"""What registry has told of volunteers and stations, as this service needs it."""

from services.activities.register.tables import (
    closed_volunteer,
    held_qualification,
    known_station,
    known_volunteer,
    merged_volunteer,
)
from shared.store.entries import known_entries, same_names

_LATER = ("team_id", "minor", "guardian_agreed")
"""What events did not tell from the beginning."""
VOLUNTEERS = known_entries(
    "volunteers", known_volunteer, {"number": "volunteer_no", **same_names(*_LATER)}, of_shape=_LATER, shape=3
)
STATIONS = known_entries("stations", known_station, same_names("code", "name", "closed_on"))
QUALIFICATIONS = known_entries(
    "qualifications", held_qualification, same_names("volunteer_id", "kind", "expires_on", "holds")
)
CLOSED_VOLUNTEERS = known_entries("closed_volunteers", closed_volunteer, same_names("restricted_at"))
"""Who has ended their registration: nothing new is entered of them, whoever names them."""
MERGED_VOLUNTEERS = known_entries("merged_volunteers", merged_volunteer, {"kept_id": "into_id"})
"""Which entry somebody's is merged into now; none where that was undone (ADR 0060)."""
