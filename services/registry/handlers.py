"""Everything this service reacts to: its own events, which its tables are held against."""

from services.registry.projections import ORGANISATIONS, STATIONS, TEAMS, VOLUNTEERS
from shared.contracts import (
    OrganisationRegistered,
    StationOpened,
    TeamFormed,
    VolunteerProfileChanged,
    VolunteerRegistered,
)
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
    Reaction(OrganisationRegistered, projects=ORGANISATIONS),
    Reaction(StationOpened, projects=STATIONS),
    Reaction(TeamFormed, projects=TEAMS),
)
