"""Everything this service reacts to."""

from services.activities.projections import STATIONS, VOLUNTEERS
from shared.contracts import StationOpened, VolunteerProfileChanged, VolunteerRegistered
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
    Reaction(StationOpened, projects=STATIONS),
)
