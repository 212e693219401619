"""Accounts, put together."""

from services.portal.accounts.api import router
from shared.service.part import Part

PART = Part(routers=[router])
