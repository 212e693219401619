"""Attendance, put together."""

from services.activities.attendance import api, roster_api
from shared.service.part import Part

PART = Part(routers=[api.router, roster_api.router])
