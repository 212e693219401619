"""The one place an event is defined."""

from shared.contracts.activity import (
    ActivityPublished,
    PublishedShift,
    SignUpPromoted,
    SignUpWithdrawn,
    VolunteerCheckedIn,
    VolunteerSignedUp,
    VolunteerWaitlisted,
)
from shared.contracts.delivery import MessageDelivered, MessageUndeliverable
from shared.contracts.event import Event
from shared.contracts.ledger import HoursCorrected, HoursCredited, ImportCredited, StarLevelReached
from shared.contracts.operations import (
    ConsumerCaughtUp,
    ConsumerSubscribed,
    DeadLetterDiscarded,
    DeadLetterRedriven,
    EventLogRepublished,
    ProjectionSwapped,
    WorkCancelled,
    WorkRetried,
)
from shared.contracts.organisation import OrganisationRegistered, StationOpened, TeamFormed
from shared.contracts.service_record import Provenance, ServiceCorrected, ServiceLogged, ServiceRecordsImported
from shared.contracts.volunteer import (
    RegistrationSource,
    VolunteerCategory,
    VolunteerProfileChanged,
    VolunteerRegistered,
)

EVENTS: dict[str, type[Event]] = {
    event.event_type(): event
    for event in (
        VolunteerRegistered,
        VolunteerProfileChanged,
        OrganisationRegistered,
        StationOpened,
        TeamFormed,
        ActivityPublished,
        VolunteerSignedUp,
        VolunteerWaitlisted,
        SignUpPromoted,
        SignUpWithdrawn,
        VolunteerCheckedIn,
        ServiceLogged,
        ServiceCorrected,
        ServiceRecordsImported,
        HoursCredited,
        HoursCorrected,
        ImportCredited,
        StarLevelReached,
        MessageDelivered,
        MessageUndeliverable,
        DeadLetterRedriven,
        DeadLetterDiscarded,
        ProjectionSwapped,
        ConsumerCaughtUp,
        ConsumerSubscribed,
        EventLogRepublished,
        WorkRetried,
        WorkCancelled,
    )
}
"""Every public event by its current CloudEvents type."""

__all__ = [
    "EVENTS",
    "ActivityPublished",
    "ConsumerCaughtUp",
    "ConsumerSubscribed",
    "DeadLetterDiscarded",
    "DeadLetterRedriven",
    "Event",
    "EventLogRepublished",
    "HoursCorrected",
    "HoursCredited",
    "ImportCredited",
    "MessageDelivered",
    "MessageUndeliverable",
    "OrganisationRegistered",
    "ProjectionSwapped",
    "Provenance",
    "PublishedShift",
    "RegistrationSource",
    "ServiceCorrected",
    "ServiceLogged",
    "ServiceRecordsImported",
    "SignUpPromoted",
    "SignUpWithdrawn",
    "StarLevelReached",
    "StationOpened",
    "TeamFormed",
    "VolunteerCategory",
    "VolunteerCheckedIn",
    "VolunteerProfileChanged",
    "VolunteerRegistered",
    "VolunteerSignedUp",
    "VolunteerWaitlisted",
    "WorkCancelled",
    "WorkRetried",
]
