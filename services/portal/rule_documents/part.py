"""Pages of rule documents, put together."""

from services.portal.rule_documents.api import router
from services.portal.rule_documents.office_api import router as office_router
from shared.service.part import Part

PART = Part(routers=[router, office_router])
