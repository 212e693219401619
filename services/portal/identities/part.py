"""Outside identities, put together."""

from services.portal.identities.api import router
from shared.service.part import Part

PART = Part(routers=[router])
