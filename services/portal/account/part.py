"""One's own account, put together."""

from services.portal.account.api import router
from shared.service.part import Part

PART = Part(routers=[router])
