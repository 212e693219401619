"""Everything this service reacts to."""

from services.assessment import process, projections
from shared.contracts import (
    ServiceCorrected,
    ServiceLogged,
    ServiceRecordsImported,
    StationOpened,
    TeamFormed,
    VolunteerProfileChanged,
    VolunteerRegistered,
)
from shared.messaging.batch import Handlers

HANDLERS: Handlers = {
    VolunteerRegistered: [projections.note_volunteers],
    VolunteerProfileChanged: [projections.note_volunteers],
    StationOpened: [projections.note_stations],
    TeamFormed: [projections.note_teams],
    ServiceLogged: [process.credit_service],
    ServiceCorrected: [process.credit_service],
    ServiceRecordsImported: [process.credit_service],
}
