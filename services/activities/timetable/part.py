"""The timetable, put together."""

from services.activities.timetable.api import router
from shared.service.part import Part

PART = Part(routers=[router])
