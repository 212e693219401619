"""Assessment, put together."""

from services.assessment import api
from services.assessment.handlers import HANDLERS
from services.assessment.settings import Settings
from shared.runtime import Service


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service(
        name="assessment",
        title="Linbang assessment",
        settings=Settings(),
        routers=[api.router],
        handlers=HANDLERS,
    )
