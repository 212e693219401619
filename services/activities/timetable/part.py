"""The timetable, put together."""

from services.activities.timetable import api, calendar_api
from shared.service.part import Part

PART = Part(routers=[api.router, calendar_api.router])
