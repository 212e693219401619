"""Accounts, put together."""

from fastapi import FastAPI

from services.registry.accounts.administration import ensure_operator
from services.registry.accounts.administration_api import router as administration
from services.registry.accounts.api import router
from services.registry.accounts.attempts import Attempts
from services.registry.accounts.oidc_api import router as oidc
from services.registry.accounts.outside_issuer import OutsideIssuer
from services.registry.accounts.passwords import Passwords
from services.registry.accounts.second_factor_api import router as second_factor
from services.registry.accounts.signing_keys import ensure_signing_key
from services.registry.accounts.tokens import Issuer
from services.registry.settings import Settings
from shared.service.part import Part
from shared.store.engine import Store


async def _prepare(app: FastAPI, store: Store, settings: Settings) -> None:
    app.state.passwords = Passwords()
    app.state.attempts = Attempts(app.state.rates)
    app.state.issuer = Issuer(app.state.keys, settings.second_factor_required)
    app.state.outside_issuers = {
        name: OutsideIssuer(name, issuer, app.state.keys) for name, issuer in settings.oidc.items()
    }
    await ensure_signing_key(store, app.state.keys)
    await ensure_operator(store, app.state.passwords, settings.operator_password.get_secret_value())


PART = Part(routers=[router, second_factor, oidc, administration], prepare=_prepare)
