"""Pages of training, put together."""

from services.portal.training import api
from shared.service.part import Part

PART = Part(routers=[api.router], larger_bodies={api.LIBRARY: api.LARGEST_BODY})
