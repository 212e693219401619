"""Pages of staff, put together."""

from services.portal.staff.api import router
from shared.service.part import Part

PART = Part(routers=[router])
