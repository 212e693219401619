"""Who calls: bearer tokens signed by registry with Ed25519, verified by each service on its own, and roles.

Invariant: a route names its roles beside it (``caller_with``). A caller acts in one district: the token's, or for the
platform's operator the one that the ``X-District`` header names.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.contracts.faults import Fault
from shared.http.problems import ProblemError

ISSUER = "linbang-registry"
ALGORITHM = "Ed25519"  # the name that RFC 9864 gives to EdDSA with this curve
EVERY_DISTRICT = "*"
_REFETCH_SECONDS = 300.0
_UNKNOWN_KEY_REFETCH_SECONDS = 2.0
_DISTRICT = re.compile(r"[0-9]{6}")

FetchKeys = Callable[[], Awaitable[dict[str, Any]]]


class Role(StrEnum):
    """What an account may act as, within its district and units."""

    VOLUNTEER = "volunteer"
    TEAM_LEADER = "team_leader"
    STATION_MANAGER = "station_manager"
    DISTRICT_ADMIN = "district_admin"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated account acting in one district."""

    account_id: UUID
    district: str
    roles: frozenset[str]
    volunteer_id: UUID | None = None
    units: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """Return how events and jobs name the account."""
        return f"account:{self.account_id}"

    def has(self, *roles: str) -> bool:
        """Return whether the account has one of the roles."""
        return not self.roles.isdisjoint(roles)


class Verifier:
    """Verifies tokens against the issuer's published keys, which it keeps for a while."""

    def __init__(self, fetch_keys: FetchKeys) -> None:
        self._fetch = fetch_keys
        self._keys = KeySet([])
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER}, sub={"essential": True}, exp={"essential": True}
        )

    async def verify(self, token: str) -> dict[str, Any]:
        """Return a token's claims. Raises ProblemError 401 for anything that is not ours, intact and in date."""
        await self._refresh(_REFETCH_SECONDS)
        try:
            return self._decode(token)
        except (JoseError, ValueError):
            if time.monotonic() - self._fetched < _UNKNOWN_KEY_REFETCH_SECONDS:
                raise ProblemError(401, "unauthenticated") from None
        # The key may be newer than our copy: rotation takes effect at once.
        await self._refresh(_UNKNOWN_KEY_REFETCH_SECONDS)
        try:
            return self._decode(token)
        except (JoseError, ValueError):
            raise ProblemError(401, "unauthenticated") from None

    def _decode(self, token: str) -> dict[str, Any]:
        claims = jwt.decode(token, self._keys, algorithms=[ALGORITHM]).claims
        self._claims.validate(claims)
        return claims

    async def _refresh(self, max_age: float) -> None:
        async with self._lock:
            if time.monotonic() - self._fetched >= max_age:
                self._keys = KeySet.import_key_set(await self._fetch())  # type: ignore[arg-type]
                self._fetched = time.monotonic()


async def _claims(request: Request, authorization: Annotated[str | None, Header()] = None) -> dict[str, Any]:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ProblemError(401, "unauthenticated")
    verifier: Verifier = request.app.state.verifier
    return await verifier.verify(token)


def caller_with(*roles: str) -> Callable[..., Awaitable[Caller]]:
    """Return the dependency that lets only these roles in (none named: every account)."""

    async def caller(  # asynchronous, as a synchronous dependency costs every request a hop to another thread
        claims: Annotated[dict[str, Any], Depends(_claims)], x_district: Annotated[str | None, Header()] = None
    ) -> Caller:
        district = claims["district"]
        if district == EVERY_DISTRICT:
            district = _named(x_district)
        elif x_district not in (None, district):
            raise ProblemError(403, "forbidden")
        volunteer_id = claims.get("vid")
        found = Caller(
            account_id=UUID(claims["sub"]),
            district=district,
            roles=frozenset(claims.get("roles", ())),
            volunteer_id=UUID(volunteer_id) if volunteer_id else None,
            units=frozenset(claims.get("units", ())),
        )
        if roles and not found.has(*roles):
            raise ProblemError(403, "forbidden")
        return found

    return caller


def _named(x_district: str | None) -> str:
    if x_district is None:
        raise ProblemError(422, "invalid-request", [Fault("X-District", "missing")])
    if not _DISTRICT.fullmatch(x_district):
        raise ProblemError(422, "invalid-request", [Fault("X-District", "format")])
    return x_district
