"""What becomes of the contacts that registry publishes."""

from services.notifications.contacts.projections import CONTACTS
from shared.contracts.topics import CONTACT
from shared.messaging.reactions import Reaction

REACTIONS = (Reaction(CONTACT, projects=CONTACTS),)
