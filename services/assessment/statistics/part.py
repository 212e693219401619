"""Statistics, put together."""

from services.assessment.statistics import api, public_api
from shared.service.part import Part

PART = Part(routers=[api.router, public_api.router])
