"""Offline lists, put together."""

from fastapi import FastAPI

from services.activities.offline.api import router
from services.activities.offline.signatures import ListSigner
from services.activities.settings import Settings
from shared.service.part import Part
from shared.store.engine import Store


async def _prepare(app: FastAPI, _store: Store, settings: Settings) -> None:
    app.state.offline_signer = ListSigner(settings.attendance_key)


PART = Part(routers=[router], prepare=_prepare)
