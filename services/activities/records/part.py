"""Records, put together."""

from services.activities.records.api import router
from services.activities.records.record_import import SERVICE_RECORDS
from shared.service.part import Part

PART = Part(routers=[router], imports=lambda _: {"service-records": SERVICE_RECORDS})
