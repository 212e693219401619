"""Network, put together."""

from services.portal.network import api, changes_api, formations_api
from shared.service.part import Part

PART = Part(routers=[formations_api.router, changes_api.router, api.router])
