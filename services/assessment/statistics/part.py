"""Statistics, put together."""

from services.assessment.statistics import api, public_api
from shared.http.public import keep_answers
from shared.service.part import Part

PART = Part(routers=[api.router, public_api.router], install=keep_answers)
