"""Who calls: bearer tokens signed by registry with Ed25519, verified by each service on its own, and roles.

Invariant: every route says beside it who may use it and how far each role reaches there (``caller_with``, ``anyone``).
That declaration lets a caller in, answers what the code asks about a caller's reach, and is the table that
``docs/authorisation.md`` shows. A caller acts in one district: the token's, or where it holds for several (a city's
officer, the platform's operator) the one that the ``X-District`` header names. A token that registry has revoked is
no token (ADR 0022).
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.contracts.actor import EVERY_DISTRICT, Actor, Reach, Role, Scope
from shared.contracts.faults import Code, Fault
from shared.contracts.tokens import ALGORITHM, ISSUER, STEPPED_UP_FOR, Limit
from shared.http.problems import ProblemError
from shared.store.revocations import Revocations

log = structlog.get_logger()
_REFETCH_SECONDS = 300.0
_UNKNOWN_KEY_REFETCH_SECONDS = 2.0
_MOST_REMEMBERED = 10_000
_DISTRICT = re.compile(r"[0-9]{6}")

FetchKeys = Callable[[], Awaitable[dict[str, Any]]]
_LACKING = {
    Limit.PASSWORD: Code.PASSWORD_TO_CHANGE,
    Limit.SECOND_FACTOR: Code.SECOND_FACTOR_TO_SET_UP,
    Limit.STEP_UP: Code.SECOND_FACTOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Actor):
    """An authenticated account, by a route that lets it reach so far.

    ``session_id`` is the log-in that its token comes from.
    """

    account_id: UUID
    session_id: UUID | None = None


class Verifier:
    """Verifies tokens against the issuer's published keys, which it keeps for a while, and what it has revoked.

    A signature is verified once, as it is most of what a short request costs, and again after the keys have changed; a
    token's date, and whether it is revoked, are looked at each time. Kept of a token are its SHA-256 and what it says.
    """

    def __init__(self, fetch_keys: FetchKeys, revocations: Revocations) -> None:
        self._fetch = fetch_keys
        self._revocations = revocations
        self._published: dict[str, Any] = {}
        self._keys = KeySet([])
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()
        self._signed: dict[bytes, dict[str, Any]] = {}
        """What those tokens say that one of the keys has signed, by the token's SHA-256."""
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER},
            sub={"essential": True},
            district={"essential": True},
            exp={"essential": True},
        )

    async def verify(self, token: str) -> dict[str, Any]:
        """Return a token's claims. Raises ProblemError 401 for what is not ours, intact, in date and not revoked."""
        claims = await self._intact(token)
        if await self._revocations.name(claims):
            raise ProblemError(401, "unauthenticated")
        return claims

    async def _intact(self, token: str) -> dict[str, Any]:
        if not self._keys.keys:
            await self._refresh(0)
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
        name = hashlib.sha256(token.encode()).digest()
        claims = self._signed.get(name)
        if claims is None:
            claims = jwt.decode(token, self._keys, algorithms=[ALGORITHM]).claims
            if len(self._signed) >= _MOST_REMEMBERED:
                self._signed.clear()
            self._signed[name] = claims
        self._claims.validate(claims)
        return claims

    async def keep_fresh(self) -> None:
        """Fetch the keys again and again beside requests, until cancelled: an issuer that hangs makes nobody wait."""
        while True:
            await asyncio.sleep(_REFETCH_SECONDS)
            try:
                await self._refresh(0)
            except Exception as fault:  # noqa: BLE001 - whatever it was, the keys we have go on verifying
                log.warning("keys not fetched", error=type(fault).__name__)

    async def _refresh(self, max_age: float) -> None:
        """Fetch the keys if ours are older than so many seconds; while the issuer is away, ours go on verifying."""
        async with self._lock:
            if self._keys.keys and time.monotonic() - self._fetched < max_age:
                return
            try:
                published = await self._fetch()
            except OSError:  # also where it does not answer in time
                if not self._keys.keys:
                    raise
            else:
                self._use(published)
            self._fetched = time.monotonic()

    def _use(self, published: dict[str, Any]) -> None:
        """Verify by these keys; what others have signed is forgotten."""
        if published != self._published:
            self._published, self._keys = published, KeySet.import_key_set(published)  # type: ignore[arg-type]
            self._signed.clear()


async def _claims(
    request: Request, authorization: Annotated[str | None, Header(include_in_schema=False)] = None
) -> dict[str, Any]:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ProblemError(401, "unauthenticated")
    verifier: Verifier = request.app.state.verifier
    return await verifier.verify(token)


class Declared:
    """Who may use a route, and how far each role reaches: the route's rows of ``docs/authorisation.md``."""

    def __init__(self, *roles: Role, units: Collection[Role] = (), own: Collection[Role] = ()) -> None:
        named = ((own, Reach.OWN), (units, Reach.UNITS), (roles, Reach.DISTRICT))
        self.reaches: Mapping[Role, Reach] = {role: reach for some, reach in named for role in some}


class Access(Declared):
    """The dependency that lets in whoever has a token with one of the roles.

    ``admits`` are the limits of tokens that it takes all the same; with ``stepped_up`` the account's password or code
    must have been asked for within ``STEPPED_UP_FOR``.
    """

    def __init__(
        self,
        *roles: Role,
        units: Collection[Role] = (),
        own: Collection[Role] = (),
        admits: Collection[Limit] = (),
        stepped_up: bool = False,
    ) -> None:
        super().__init__(*roles, units=units, own=own)
        self.stepped_up = stepped_up
        self._admits = frozenset(admits)

    async def __call__(
        self, claims: Annotated[dict[str, Any], Depends(_claims)], x_district: Annotated[str | None, Header()] = None
    ) -> Caller:
        """Return the caller. Raises ProblemError 403 for a role, a district or a token that is not let in."""
        roles = frozenset(claims.get("roles", ()))
        reach = max((reach for role, reach in self.reaches.items() if role in roles), default=None)
        if reach is None:
            raise ProblemError(403, "forbidden")
        self._check_token(claims)
        scope = Scope(_districts(claims), frozenset(map(UUID, claims.get("units", ()))))
        return Caller(
            name=f"account:{claims['sub']}",
            account_id=UUID(claims["sub"]),
            session_id=_id(claims, "sid"),
            district=_district(scope, x_district),
            scope=scope,
            roles=roles,
            reach=reach,
            volunteer_id=_id(claims, "vid"),
        )

    def _check_token(self, claims: Mapping[str, Any]) -> None:
        """Raise ProblemError 403 where a token is good for something else alone, or must be a more recent one."""
        only = claims.get("only")
        if only is not None and only not in self._admits:
            raise ProblemError(403, "forbidden", [Fault("", _LACKING[Limit(only)])])
        if self.stepped_up and time.time() - claims.get("stepped_up_at", 0) > STEPPED_UP_FOR.total_seconds():
            raise ProblemError(403, "forbidden", [Fault("", Code.STEP_UP)])


async def caller_by(access: Access, request: Request) -> Caller:
    """Return who makes a request, as a route with this access would be told. Raises ProblemError 401 or 403."""
    headers = request.headers
    return await access(await _claims(request, headers.get("authorization")), headers.get("x-district"))


def caller_with(
    *roles: Role,
    units: Collection[Role] = (),
    own: Collection[Role] = (),
    admits: Collection[Limit] = (),
    stepped_up: bool = False,
) -> Access:
    """Return the dependency that lets only these roles in.

    ``roles`` reach the whole district, those in ``units`` what belongs to their stations and teams, those in ``own``
    what is theirs. ``admits`` and ``stepped_up`` as `Access` has them.
    """
    return Access(*roles, units=units, own=own, admits=admits, stepped_up=stepped_up)


async def anyone() -> None:
    """Let everybody in, with or without a token: the declaration of a public route."""


def access_of(dependant: Dependant) -> Mapping[Role, Reach] | None:
    """Return how far each role reaches by a route; None where it is public.

    ``dependant`` is the route's. Raises LookupError where the route declares neither.
    """
    declared = [call for call in _calls(dependant) if isinstance(call, Declared) or call is anyone]
    if not declared:
        raise LookupError("a route says by caller_with(...) or anyone who may use it")
    accesses = [call.reaches for call in declared if isinstance(call, Declared)]
    return accesses[0] if accesses else None


def asks_again(dependant: Dependant) -> bool:
    """Return whether a route wants to know once more who calls (``stepped_up``). ``dependant`` is the route's."""
    return any(isinstance(call, Access) and call.stepped_up for call in _calls(dependant))


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for dependency in dependant.dependencies:
        yield from _calls(dependency)


def _id(claims: Mapping[str, Any], name: str) -> UUID | None:
    value = claims.get(name)
    return UUID(value) if value else None


def _districts(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the districts of a token: it names one, several (an officer of a city), or every one (the operator)."""
    named = claims["district"]
    return frozenset([named] if isinstance(named, str) else named)


def _district(scope: Scope, named: str | None) -> str:
    """Return the district that a request is about: the only one of the scope, or the one that ``X-District`` names."""
    if named is None:
        if len(scope.districts) == 1 and EVERY_DISTRICT not in scope.districts:
            return next(iter(scope.districts))
        raise ProblemError(422, "invalid-request", [Fault("X-District", Code.MISSING)])
    if EVERY_DISTRICT in scope.districts and not _DISTRICT.fullmatch(named):
        raise ProblemError(422, "invalid-request", [Fault("X-District", Code.FORMAT)])
    if not scope.covers(named):
        raise ProblemError(403, "forbidden")
    return named
