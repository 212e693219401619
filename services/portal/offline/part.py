"""The offline list, put together."""

from fastapi import FastAPI

from services.portal.offline import api, files_api
from services.portal.offline.domain import LARGEST_FILE, worker_of
from services.portal.settings import Settings
from services.portal.shell.assets import OFFLINE_FILES, Assets, worker_source
from shared.service.part import Part
from shared.store.engine import Store


async def _prepare(app: FastAPI, _store: Store, _settings: Settings) -> None:
    assets: Assets = app.state.assets
    app.state.offline_worker = worker_of(worker_source(), [assets.url(name) for name in OFFLINE_FILES])


PART = Part(routers=[api.router, files_api.router], prepare=_prepare, larger_bodies={files_api.FILES: LARGEST_FILE})
