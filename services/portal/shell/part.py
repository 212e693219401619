"""What every page has in common, put together."""

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from services.portal.settings import Settings
from services.portal.shell import assets, errors
from services.portal.shell.api import router
from services.portal.shell.districts import Districts
from services.portal.shell.kept import Kept
from services.portal.shell.pages import Pages
from services.portal.shell.security import OwnOrigin, SecureHeaders
from services.portal.shell.site import Site
from shared.service.part import Part
from shared.store.engine import Store


def install(app: FastAPI, settings: Settings) -> None:
    """Let errors be pages and every answer have its headers."""
    errors.install(app)
    app.add_middleware(OwnOrigin, origin=settings.origin)
    app.add_middleware(GZipMiddleware, minimum_size=500)
    app.add_middleware(SecureHeaders, origin=settings.origin)


async def prepare(app: FastAPI, _store: Store, settings: Settings) -> None:
    """Read templates and files once."""
    app.state.site = site = _site(settings)
    app.state.assets = assets.load()
    app.state.pages = Pages(app.state.assets, site)
    app.state.kept = Kept()
    app.state.districts = Districts(app.state.connections, settings.registry_url)


def _site(settings: Settings) -> Site:
    return Site(
        origin=settings.origin,
        session_key=settings.session_key,
        address_key=settings.portal_address_key,
        urls=settings.urls,
        district=settings.district,
        organiser=settings.organiser,
        contact=settings.contact,
        icp_number=settings.icp_number,
    )


PART = Part(routers=[router], install=install, prepare=prepare)
