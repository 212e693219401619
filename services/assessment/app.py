"""Assessment, put together."""

from services.assessment.annual.part import PART as ANNUAL
from services.assessment.ledger.part import PART as LEDGER
from services.assessment.register.part import PART as REGISTER
from services.assessment.rules.part import PART as RULES
from services.assessment.settings import Settings
from services.assessment.stars.part import PART as STARS
from services.assessment.statistics.part import PART as STATISTICS
from shared.service.service import Service

PARTS = (ANNUAL, STATISTICS, STARS, LEDGER, RULES, REGISTER)
"""From the top floor down: a part may use what is below it, never what is above."""


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service("assessment", "Linbang assessment", Settings(), PARTS)
