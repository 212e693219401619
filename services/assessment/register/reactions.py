"""What the part does about events: it keeps what registry tells."""

from services.assessment.register.projections import STATIONS, TEAMS, VOLUNTEERS
from shared.contracts import StationOpened, TeamFormed, VolunteerProfileChanged, VolunteerRegistered
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
    Reaction(StationOpened, projects=STATIONS),
    Reaction(TeamFormed, projects=TEAMS),
)
