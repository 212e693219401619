"""The part reacts to nobody: these are registry's own events, which its tables are held against."""

from services.registry.places.projections import ORGANISATIONS, STATIONS, TEAMS
from shared.contracts import (
    OrganisationChanged,
    OrganisationClosed,
    OrganisationRegistered,
    StationChanged,
    StationClosed,
    StationRegistered,
    TeamChanged,
    TeamClosed,
    TeamRegistered,
)
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(OrganisationRegistered, projects=ORGANISATIONS),
    Reaction(OrganisationChanged, projects=ORGANISATIONS),
    Reaction(OrganisationClosed, projects=ORGANISATIONS),
    Reaction(StationRegistered, projects=STATIONS),
    Reaction(StationChanged, projects=STATIONS),
    Reaction(StationClosed, projects=STATIONS),
    Reaction(TeamRegistered, projects=TEAMS),
    Reaction(TeamChanged, projects=TEAMS),
    Reaction(TeamClosed, projects=TEAMS),
)
