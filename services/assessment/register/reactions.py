"""What the part does about events: it keeps what registry tells."""

from services.assessment.register.projections import CLOSED_VOLUNTEERS, STATIONS, TEAMS, VOLUNTEERS
from shared.contracts import (
    StationChanged,
    StationClosed,
    StationRegistered,
    TeamChanged,
    TeamClosed,
    TeamRegistered,
    VolunteerProfileChanged,
    VolunteerRegistered,
    VolunteerRestricted,
)
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
    Reaction(VolunteerRestricted, projects=CLOSED_VOLUNTEERS),
    Reaction(StationRegistered, projects=STATIONS),
    Reaction(StationChanged, projects=STATIONS),
    Reaction(StationClosed, projects=STATIONS),
    Reaction(TeamRegistered, projects=TEAMS),
    Reaction(TeamChanged, projects=TEAMS),
    Reaction(TeamClosed, projects=TEAMS),
)
