"""Attendance, put together."""

from fastapi import FastAPI

from services.activities.attendance import api, roster_api
from services.activities.attendance.codes import SecretBox
from services.activities.attendance.forgotten import FORGOTTEN_CHECK_OUTS
from services.activities.settings import Settings
from shared.service.part import Part
from shared.store.engine import Store
from shared.store.key_check import SealingKey


async def _prepare(app: FastAPI, _store: Store, settings: Settings) -> None:
    app.state.attendance_secrets = SecretBox(settings.attendance_key)


PART = Part(
    routers=[api.router, roster_api.router],
    work=lambda _: (FORGOTTEN_CHECK_OUTS,),
    keys=lambda settings: [SealingKey(setting="ACTIVITIES_ATTENDANCE_KEY", value=settings.attendance_key)],
    prepare=_prepare,
)
