"""Everything this service reacts to. What a volunteer was not told when it happened is no news later: IGNORE."""

from functools import partial

from services.notifications.process import announce_deliveries
from services.notifications.projections import CONTACTS, MESSAGES
from shared.contracts import HoursCredited, SignUpPromoted, StarLevelReached, VolunteerRegistered, VolunteerSignedUp
from shared.contracts.topics import CONTACT
from shared.messaging.reactions import History, Reaction

_tell = partial(Reaction, projects=MESSAGES, decides=announce_deliveries, history=History.IGNORE)

REACTIONS = (
    Reaction(CONTACT, projects=CONTACTS),
    _tell(VolunteerRegistered),
    _tell(VolunteerSignedUp),
    _tell(SignUpPromoted),
    _tell(HoursCredited),
    _tell(StarLevelReached),
)
