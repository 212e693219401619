"""Attendance, put together."""

from services.activities.attendance.api import router
from shared.service.part import Part

PART = Part(routers=[router])
