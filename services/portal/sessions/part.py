"""Sessions, put together."""

from services.portal.sessions.api import install, router
from services.portal.sessions.phone_api import router as by_phone
from shared.service.part import Part

PART = Part(routers=[router, by_phone], install=install)
