"""Signing up, put together."""

from services.activities.signing_up.api import prepare, router
from shared.service.part import Part

PART = Part(routers=[router], prepare=prepare)
