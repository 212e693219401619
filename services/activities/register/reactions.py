"""What the service notes of people and places."""

from services.activities.register.projections import STATIONS, VOLUNTEERS
from shared.contracts import (
    StationChanged,
    StationClosed,
    StationRegistered,
    VolunteerProfileChanged,
    VolunteerRegistered,
)
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
    Reaction(StationRegistered, projects=STATIONS),
    Reaction(StationChanged, projects=STATIONS),
    Reaction(StationClosed, projects=STATIONS),
)
