"""Activities: its parts, top floor first."""

from services.activities.attendance.part import PART as ATTENDANCE
from services.activities.changes.part import PART as CHANGES
from services.activities.claims.part import PART as CLAIMS
from services.activities.drafts.part import PART as DRAFTS
from services.activities.merging.part import PART as MERGING
from services.activities.needs.part import PART as NEEDS
from services.activities.offline.part import PART as OFFLINE
from services.activities.own_data.part import PART as OWN_DATA
from services.activities.publishing.part import PART as PUBLISHING
from services.activities.records.part import PART as RECORDS
from services.activities.register.part import PART as REGISTER
from services.activities.rules.part import PART as RULES
from services.activities.settings import Settings
from services.activities.signing_up.part import PART as SIGNING_UP
from services.activities.timetable.part import PART as TIMETABLE
from shared.service.service import Service

PARTS = (
    MERGING,
    OWN_DATA,
    OFFLINE,
    CLAIMS,
    TIMETABLE,
    ATTENDANCE,
    RECORDS,
    CHANGES,
    SIGNING_UP,
    NEEDS,
    PUBLISHING,
    DRAFTS,
    RULES,
    REGISTER,
)


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service("activities", "Linbang activities", Settings(), PARTS)
