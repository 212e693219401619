"""Portal, put together."""

from services.portal.access_log.part import PART as ACCESS_LOG
from services.portal.account.part import PART as ACCOUNT
from services.portal.accounts.part import PART as ACCOUNTS
from services.portal.activities.part import PART as ACTIVITIES
from services.portal.allocation.part import PART as ALLOCATION
from services.portal.check_in.part import PART as CHECK_IN
from services.portal.claims.part import PART as CLAIMS
from services.portal.closing.part import PART as CLOSING
from services.portal.consents.part import PART as CONSENTS
from services.portal.dead_letters.part import PART as DEAD_LETTERS
from services.portal.deliveries.part import PART as DELIVERIES
from services.portal.districts.part import PART as DISTRICTS
from services.portal.explanations.part import PART as EXPLANATIONS
from services.portal.figures.part import PART as FIGURES
from services.portal.households.part import PART as HOUSEHOLDS
from services.portal.identities.part import PART as IDENTITIES
from services.portal.imports.part import PART as IMPORTS
from services.portal.individuals.part import PART as INDIVIDUALS
from services.portal.live.part import PART as LIVE
from services.portal.me.part import PART as ME
from services.portal.merging.part import PART as MERGING
from services.portal.minor_readings.part import PART as MINOR_READINGS
from services.portal.moving.part import PART as MOVING
from services.portal.network.part import PART as NETWORK
from services.portal.notices.part import PART as NOTICES
from services.portal.offline.part import PART as OFFLINE
from services.portal.operations.part import PART as OPERATIONS
from services.portal.own_data.part import PART as OWN_DATA
from services.portal.public.part import PART as PUBLIC
from services.portal.publishing.part import PART as PUBLISHING
from services.portal.qualifications.part import PART as QUALIFICATIONS
from services.portal.records.part import PART as RECORDS
from services.portal.register.part import PART as REGISTER
from services.portal.roster.part import PART as ROSTER
from services.portal.rule_documents.part import PART as RULE_DOCUMENTS
from services.portal.rules.part import PART as RULES
from services.portal.sessions.part import PART as SESSIONS
from services.portal.settings import Settings
from services.portal.shell.part import PART as SHELL
from services.portal.sign_ups.part import PART as SIGN_UPS
from services.portal.staff.part import PART as STAFF
from services.portal.standard.part import PART as STANDARD
from services.portal.statistics.part import PART as STATISTICS
from services.portal.surveys.part import PART as SURVEYS
from services.portal.timetable.part import PART as TIMETABLE
from services.portal.training.part import PART as TRAINING
from services.portal.volunteers.part import PART as VOLUNTEERS
from services.portal.wall.part import PART as WALL
from shared.service.service import Service

PARTS = (
    DISTRICTS,
    DEAD_LETTERS,
    DELIVERIES,
    OPERATIONS,
    STAFF,
    HOUSEHOLDS,
    ACCOUNTS,
    PUBLISHING,
    CLOSING,
    OFFLINE,
    WALL,
    ROSTER,
    RECORDS,
    QUALIFICATIONS,
    INDIVIDUALS,
    TRAINING,
    MERGING,
    VOLUNTEERS,
    NETWORK,
    STANDARD,
    SURVEYS,
    ALLOCATION,
    IMPORTS,
    STATISTICS,
    RULES,
    RULE_DOCUMENTS,
    MINOR_READINGS,
    ACCESS_LOG,
    LIVE,
    CONSENTS,
    MOVING,
    OWN_DATA,
    ME,
    CHECK_IN,
    SIGN_UPS,
    FIGURES,
    PUBLIC,
    ACTIVITIES,
    EXPLANATIONS,
    CLAIMS,
    TIMETABLE,
    NOTICES,
    ACCOUNT,
    IDENTITIES,
    REGISTER,
    SESSIONS,
    SHELL,
)
"""From the top floor down: a part may use what is below it, never what is above."""


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service("portal", "Linbang portal", Settings(), PARTS, serves_pages=True)
