"""Registry's composition root."""

from collections.abc import Mapping

from fastapi import FastAPI

from services.registry import queries
from services.registry.api import accounts, reference, volunteers
from services.registry.api.attempts import Attempts
from services.registry.commands.accounts import ensure_operator
from services.registry.commands.passwords import Passwords
from services.registry.commands.reference import import_kinds
from services.registry.commands.roster import import_kind
from services.registry.commands.signing_keys import ensure_signing_key
from services.registry.domain.privacy import KeyRing
from services.registry.handlers import REACTIONS
from services.registry.settings import Settings
from shared.imports.job import ImportKind
from shared.service.part import Part
from shared.service.service import Service
from shared.store.engine import Store


def _keys(settings: Settings) -> KeyRing:
    return KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key)


def _imports(settings: Settings) -> Mapping[str, ImportKind]:
    return {"roster": import_kind(_keys(settings)), **import_kinds()}


async def _prepare(app: FastAPI, store: Store, settings: Settings) -> None:
    app.state.keys = keys = _keys(settings)
    app.state.passwords = Passwords()
    app.state.attempts = Attempts()
    await ensure_signing_key(store, keys)
    await ensure_operator(store, app.state.passwords, settings.operator_password.get_secret_value())


PARTS = (
    Part(
        routers=[volunteers.router, reference.router, accounts.router],
        reactions=REACTIONS,
        imports=_imports,
        prepare=_prepare,
    ),
)


def service() -> Service:
    """Put the service together from the environment."""
    return Service("registry", "Linbang registry", Settings(), PARTS, fetch_keys=queries.key_set_of)
