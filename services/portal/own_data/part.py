"""Own data, put together."""

from services.portal.own_data.api import router
from shared.service.part import Part

PART = Part(routers=[router])
