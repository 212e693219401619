"""Registry's own events of volunteers, which its table is held against."""

from services.registry.people.projections import VOLUNTEERS
from shared.contracts import VolunteerErased, VolunteerProfileChanged, VolunteerRegistered, VolunteerRestricted
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
    Reaction(VolunteerRestricted, projects=VOLUNTEERS),
    Reaction(VolunteerErased, projects=VOLUNTEERS),
)
