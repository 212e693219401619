"""Everything this service reacts to."""

from services.notifications.process import tell_volunteers
from services.notifications.projections import keep_contacts
from shared.contracts import (
    Event,
    HoursCredited,
    SignUpPromoted,
    StarLevelReached,
    VolunteerRegistered,
    VolunteerSignedUp,
)
from shared.contracts.topics import CONTACT
from shared.messaging.batch import Handler, StateHandler

HANDLERS: dict[type[Event], list[Handler]] = {
    VolunteerRegistered: [tell_volunteers],
    VolunteerSignedUp: [tell_volunteers],
    SignUpPromoted: [tell_volunteers],
    HoursCredited: [tell_volunteers],
    StarLevelReached: [tell_volunteers],
}

STATE_HANDLERS: dict[str, StateHandler] = {CONTACT.name: keep_contacts}
