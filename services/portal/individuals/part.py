"""Pages of individuals, put together."""

from services.portal.individuals.api import router
from shared.service.part import Part

PART = Part(routers=[router])
