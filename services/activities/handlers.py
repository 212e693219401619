"""Everything this service reacts to."""

from services.activities import projections
from shared.contracts import StationOpened, VolunteerProfileChanged, VolunteerRegistered
from shared.messaging.batch import Handlers

HANDLERS: Handlers = {
    VolunteerRegistered: [projections.note_volunteers],
    VolunteerProfileChanged: [projections.note_volunteers],
    StationOpened: [projections.note_stations],
}
