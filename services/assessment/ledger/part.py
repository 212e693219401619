"""Ledger, put together."""

from services.assessment.ledger.api import router
from shared.service.part import Part

PART = Part(routers=[router])
