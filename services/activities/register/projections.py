"""What registry has told of volunteers and stations, as this service needs it."""

from services.activities.register.tables import closed_volunteer, known_station, known_volunteer
from shared.store.entries import known_entries, same_names

VOLUNTEERS = known_entries(
    "volunteers", known_volunteer, {"number": "volunteer_no", "team_id": "team_id"}, of_shape=["team_id"], shape=2
)
STATIONS = known_entries("stations", known_station, same_names("code", "name", "closed_on"))
CLOSED_VOLUNTEERS = known_entries("closed_volunteers", closed_volunteer, same_names("restricted_at"))
"""Who has ended their registration: nothing new is entered of them, whoever names them."""
