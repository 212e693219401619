"""Sessions, put together."""

from services.portal.sessions.api import install, router
from shared.service.part import Part

PART = Part(routers=[router], install=install)
