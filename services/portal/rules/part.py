"""A district's rules, put together."""

from services.portal.rules.api import router
from shared.service.part import Part

PART = Part(routers=[router])
