"""Everything this service reacts to. The ledger is entered before an import that it completes is closed."""

from services.assessment.process import announce_hours, close_imports
from services.assessment.projections import AWARDS, IMPORTS, LEDGER, STATIONS, TEAMS, VOLUNTEERS
from shared.contracts import (
    HoursCorrected,
    HoursCredited,
    ServiceCorrected,
    ServiceLogged,
    ServiceRecordsImported,
    StarLevelReached,
    StationOpened,
    TeamFormed,
    VolunteerProfileChanged,
    VolunteerRegistered,
)
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
    Reaction(StationOpened, projects=STATIONS),
    Reaction(TeamFormed, projects=TEAMS),
    Reaction(ServiceLogged, projects=LEDGER, decides=announce_hours),
    Reaction(ServiceCorrected, projects=LEDGER, decides=announce_hours),
    Reaction(ServiceLogged, projects=IMPORTS, decides=close_imports),
    Reaction(ServiceRecordsImported, projects=IMPORTS, decides=close_imports),
    Reaction(HoursCredited, projects=AWARDS),
    Reaction(HoursCorrected, projects=AWARDS),
    Reaction(StarLevelReached, projects=AWARDS),
)
