"""Registry's own events of volunteers, which its table is held against."""

from services.registry.people.projections import VOLUNTEERS
from shared.contracts import (
    VolunteerErased,
    VolunteerMergeUndone,
    VolunteerMovedAway,
    VolunteerMovedIn,
    VolunteerMoveRefused,
    VolunteerProfileChanged,
    VolunteerRegistered,
    VolunteerRestricted,
    VolunteersMerged,
)
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(VolunteerRegistered, projects=VOLUNTEERS),
    Reaction(VolunteerProfileChanged, projects=VOLUNTEERS),
    Reaction(VolunteerRestricted, projects=VOLUNTEERS),
    Reaction(VolunteerErased, projects=VOLUNTEERS),
    Reaction(VolunteersMerged, projects=VOLUNTEERS),
    Reaction(VolunteerMergeUndone, projects=VOLUNTEERS),
    Reaction(VolunteerMovedIn, projects=VOLUNTEERS),
    Reaction(VolunteerMovedAway, projects=VOLUNTEERS),
    Reaction(VolunteerMoveRefused, projects=VOLUNTEERS),
)
