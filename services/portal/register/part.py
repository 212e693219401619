"""Registration, put together."""

from services.portal.register.api import router
from shared.service.part import Part

PART = Part(routers=[router])
