"""Assessment, put together."""

from services.assessment import api
from services.assessment.handlers import REACTIONS
from services.assessment.settings import Settings
from shared.service.part import Part
from shared.service.service import Service

PARTS = (Part(routers=[api.router], reactions=REACTIONS),)


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service("assessment", "Linbang assessment", Settings(), PARTS)
