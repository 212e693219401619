"""Network, put together."""

from services.portal.network import agreements_api, api, changes_api, formations_api
from shared.service.part import Part

PART = Part(routers=[agreements_api.router, formations_api.router, changes_api.router, api.router])
