"""Self-service, put together."""

from services.registry.self_service.api import router
from shared.service.part import Part

PART = Part(routers=[router])
