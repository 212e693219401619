"""Rule documents, put together."""

from services.registry.rule_documents.api import public_router, router
from services.registry.rule_documents.asking import asking_work
from shared.service.part import Part

PART = Part(routers=[public_router, router], work=lambda _: [asking_work()])
