"""A volunteer's own time, put together."""

from services.portal.timetable.api import router
from shared.service.part import Part

PART = Part(routers=[router])
