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
    ServiceLogged: [projections.enter_in_ledger, process.announce_hours, process.follow_imports],
    ServiceCorrected: [projections.enter_in_ledger, process.announce_hours],
    ServiceRecordsImported: [process.follow_imports],
    VolunteerRegistered: [projections.note_volunteers],
    VolunteerProfileChanged: [projections.note_volunteers],
    StationOpened: [projections.note_stations],
    TeamFormed: [projections.note_teams],
}
