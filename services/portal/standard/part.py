"""Stations by the standard, put together."""

from services.portal.standard import api, overview_api
from shared.service.part import Part

PART = Part(routers=[api.router, overview_api.router], larger_bodies={api.PREFIX: api.LARGEST_BODY})
