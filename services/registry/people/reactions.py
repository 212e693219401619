"""The part reacts to nobody: these are registry's own events, which its table is held against."""

from services.registry.people.projections import VOLUNTEERS
from shared.contracts import VolunteerProfileChanged, VolunteerRegistered
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
)
