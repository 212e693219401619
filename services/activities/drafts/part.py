"""Drafts, put together."""

from services.activities.drafts.api import router
from shared.service.part import Part
from shared.store.retention import YEAR, Retention

PART = Part(
    routers=[router],
    retentions=[
        Retention("draft", YEAR, "changed_at < :before", "What nobody has written on for a year is no plan any more.")
    ],
)
