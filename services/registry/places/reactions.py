"""Registry reacts to nobody: these are its own events, which its tables are held against."""

from services.registry.places.projections import ORGANISATIONS, STATIONS, TEAMS
from shared.contracts import OrganisationRegistered, StationOpened, TeamFormed
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(OrganisationRegistered, projects=ORGANISATIONS),
    Reaction(StationOpened, projects=STATIONS),
    Reaction(TeamFormed, projects=TEAMS),
)
