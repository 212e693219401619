"""Messages, put together."""

from services.notifications.messages.api import router
from shared.service.part import Part

PART = Part(routers=[router])
