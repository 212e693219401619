"""An outside issuer (OpenID Connect) that vouches for who somebody is: authorization code, PKCE and nonce.

Invariant: nothing is kept between the start and the end of a log-in. What the end needs (PKCE verifier, nonce, when) is
in ``state`` itself, sealed under our key, so only what we began within ten minutes is finished, and at the issuer that
it was begun at. That the browser which ends a log-in has begun it is for whoever has the browser (the portal) to check:
it keeps ``state`` in its session and compares.
"""

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from cryptography.exceptions import InvalidTag
from httpx2 import HTTPError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel

from services.registry.people.domain.privacy import KeyRing
from services.registry.settings import IssuerSettings
from shared.contracts.faults import Code, Fault, RefusedError

STATE_SECONDS = 600
_METADATA_SECONDS = 3600.0
_TIMEOUT_SECONDS = 5.0
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Signatures alone: never ``none``, nor a secret that the client shares."""


class OutsideLogIn(BaseModel):
    """Where to send the browser; ``state`` comes back with it."""

    url: str
    state: str


class OutsideIssuer:
    """One issuer, by the name that our settings give it."""

    def __init__(self, name: str, settings: IssuerSettings, keys: KeyRing) -> None:
        self.name = name
        self._settings = settings
        self._keys = keys
        self._metadata: dict[str, Any] = {}
        self._metadata_read = float("-inf")

    def title(self, language: str) -> str:
        """Return what people call it, in Chinese or English."""
        named = self._settings.title if language.startswith("zh") else self._settings.title_en
        return named or self._settings.title or self.name

    async def start(self) -> OutsideLogIn:
        """Begin a log-in. Raises OSError while the issuer is away."""
        metadata = await self._read_metadata()
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        sealed = self._keys.seal_state(self.name, json.dumps([verifier, nonce, int(time.time())]).encode())
        state = urlsafe_b64encode(sealed).decode()
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return OutsideLogIn(url=url, state=state)

    async def identify(self, code: str, state: str) -> bytes:
        """Return a keyed hash of who it is that the issuer vouches for.

        Raises RefusedError (outside_identity) where it vouches for nobody, or for another log-in; OSError while it is
        away.
        """
        verifier, nonce = self._open(state)
        metadata = await self._read_metadata()
        try:
            async with self._client() as client:
                token = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=verifier)
                published = await client.request("GET", metadata["jwks_uri"], withhold_token=True)
            claims = jwt.decode(
                token["id_token"], KeySet.import_key_set(published.json()), algorithms=_ALGORITHMS
            ).claims
            self._check(claims, nonce)
        except HTTPError as away:
            raise ConnectionError(type(away).__name__) from None
        except (OAuthError, JoseError, ValueError, KeyError):
            raise _refused() from None
        return self._keys.outside_subject(self._settings.issuer, str(claims["sub"]))

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
        ).validate(claims)
        if claims.get("azp", self._settings.client_id) != self._settings.client_id:
            raise _refused()

    def _open(self, state: str) -> tuple[str, str]:
        try:
            verifier, nonce, began = json.loads(self._keys.open_state(self.name, urlsafe_b64decode(state)))
        except (InvalidTag, ValueError):
            raise _refused() from None
        if time.time() - began > STATE_SECONDS:
            raise _refused()
        return verifier, nonce

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._settings.client_id,
            self._settings.client_secret.get_secret_value(),
            scope="openid",
            redirect_uri=self._settings.redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
        )

    async def _read_metadata(self) -> dict[str, Any]:
        """Return what the issuer publishes of itself (OpenID Connect Discovery 1.0); it is read once an hour."""
        if time.monotonic() - self._metadata_read > _METADATA_SECONDS:
            try:
                async with self._client() as client:
                    url = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
                    found = (await client.request("GET", url, withhold_token=True)).raise_for_status().json()
            except (HTTPError, ValueError) as away:
                raise ConnectionError(type(away).__name__) from None
            if found.get("issuer") != self._settings.issuer:
                raise ConnectionError("it calls itself another issuer")
            self._metadata, self._metadata_read = found, time.monotonic()
        return self._metadata


def _refused() -> RefusedError:
    return RefusedError(Fault("code", Code.OUTSIDE_IDENTITY))
