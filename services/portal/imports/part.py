"""Imports, put together."""

from services.portal.imports.api import PATH, router
from services.portal.imports.domain import LARGEST_FILE
from shared.service.part import Part

PART = Part(routers=[router], larger_bodies={PATH: LARGEST_FILE})
