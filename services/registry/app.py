"""Registry: its parts, top floor first."""

from services.registry.access_log.part import PART as ACCESS_LOG
from services.registry.accounts.part import PART as ACCOUNTS
from services.registry.accounts.queries import key_set_of
from services.registry.agreements.part import PART as AGREEMENTS
from services.registry.allocation.part import PART as ALLOCATION
from services.registry.codes.part import PART as CODES
from services.registry.consents.part import PART as CONSENTS
from services.registry.districts.part import PART as DISTRICTS
from services.registry.individuals.part import PART as INDIVIDUALS
from services.registry.merging.part import PART as MERGING
from services.registry.minor_readings.part import PART as MINOR_READINGS
from services.registry.moving.part import PART as MOVING
from services.registry.own_data.part import PART as OWN_DATA
from services.registry.people.part import PART as PEOPLE
from services.registry.places.part import PART as PLACES
from services.registry.qualifications.part import PART as QUALIFICATIONS
from services.registry.recipients.part import PART as RECIPIENTS
from services.registry.rule_documents.part import PART as RULE_DOCUMENTS
from services.registry.self_service.part import PART as SELF_SERVICE
from services.registry.settings import Settings
from services.registry.standard.part import PART as STANDARD
from services.registry.station_staff.part import PART as STATION_STAFF
from services.registry.surveys.part import PART as SURVEYS
from services.registry.teams.part import PART as TEAMS
from services.registry.training.part import PART as TRAINING
from shared.service.service import Service

PARTS = (
    MOVING,
    MERGING,
    OWN_DATA,
    TEAMS,
    INDIVIDUALS,
    TRAINING,
    SELF_SERVICE,
    RECIPIENTS,
    SURVEYS,
    AGREEMENTS,
    STANDARD,
    RULE_DOCUMENTS,
    QUALIFICATIONS,
    ALLOCATION,
    CONSENTS,
    DISTRICTS,
    MINOR_READINGS,
    ACCOUNTS,
    CODES,
    STATION_STAFF,
    PEOPLE,
    PLACES,
    ACCESS_LOG,
)


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service("registry", "Linbang registry", Settings(), PARTS, fetch_keys=key_set_of)
