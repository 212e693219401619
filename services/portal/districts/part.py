"""Districts, put together."""

from services.portal.districts.api import router
from shared.service.part import Part

PART = Part(routers=[router])
