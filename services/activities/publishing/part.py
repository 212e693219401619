"""Publishing, put together."""

from services.activities.publishing import api, organised_api, public_api
from shared.http.public import keep_answers
from shared.service.part import Part

PART = Part(routers=[api.router, organised_api.router, public_api.router], install=keep_answers)
