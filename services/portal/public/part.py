"""Public pages, put together."""

from services.portal.public.api import router
from shared.service.part import Part

PART = Part(routers=[router])
