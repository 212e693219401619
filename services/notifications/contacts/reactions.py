"""What becomes of the contacts that registry publishes, and of those who leave."""

from services.notifications.contacts.projections import CLOSED_VOLUNTEERS, CONTACTS
from shared.contracts import VolunteerRestricted
from shared.contracts.topics import CONTACT
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(CONTACT, projects=CONTACTS),
    Reaction(VolunteerRestricted, projects=CLOSED_VOLUNTEERS),
)
