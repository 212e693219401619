"""The operator's pages, put together."""

from services.portal.operations.api import router
from shared.service.part import Part

PART = Part(routers=[router])
