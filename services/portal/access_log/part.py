"""The access log, put together."""

from services.portal.access_log.api import router
from shared.service.part import Part

PART = Part(routers=[router])
