"""Publishing, put together."""

from services.portal.publishing import api, drafts_api
from shared.service.part import Part

PART = Part(routers=[drafts_api.router, api.router])
