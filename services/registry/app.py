"""Registry's composition root."""

from functools import partial

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
from services.registry.settings import Settings
from shared.runtime import Service
from shared.store.engine import Store


def service() -> Service:
    """Put the service together from the environment."""
    settings = Settings()
    keys = KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key)
    return Service(
        name="registry",
        title="Linbang registry",
        settings=settings,
        routers=(volunteers.router, reference.router, accounts.router),
        imports={"roster": import_kind(keys), **import_kinds()},
        prepare=partial(_prepare, settings, keys),
        fetch_keys=queries.key_set_of,
    )


async def _prepare(settings: Settings, keys: KeyRing, app: FastAPI, store: Store) -> None:
    app.state.keys = keys
    app.state.passwords = Passwords()
    app.state.attempts = Attempts()
    await ensure_signing_key(store, keys)
    await ensure_operator(store, app.state.passwords, settings.operator_password.get_secret_value())
