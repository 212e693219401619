"""A volunteer's own pages, put together."""

from services.portal.me.api import router
from shared.service.part import Part

PART = Part(routers=[router])
