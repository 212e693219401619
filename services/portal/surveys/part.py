"""Surveys of needs, put together."""

from services.portal.surveys import api, public_api
from shared.service.part import Part

PART = Part(routers=[api.router, public_api.router])
