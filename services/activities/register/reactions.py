"""What the service notes of people and places."""

from services.activities.register.projections import ACCEPTED_RULES, CLOSED_VOLUNTEERS, RULES, STATIONS, VOLUNTEERS
from shared.contracts import (
    RuleAccepted,
    RuleEnded,
    RulePublished,
    StationChanged,
    StationClosed,
    StationRegistered,
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
    Reaction(RulePublished, projects=RULES),
    Reaction(RuleEnded, projects=RULES),
    Reaction(RuleAccepted, projects=ACCEPTED_RULES),
)
