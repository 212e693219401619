"""What routes get handed: the keys, the password threads, and idempotency claims that give nothing away."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query, Request

from services.registry.commands.passwords import Passwords
from services.registry.domain.privacy import KeyRing
from shared.contracts.actor import Role
from shared.http.auth import anyone
from shared.http.idempotency import Claim, IdempotencyKey

PUBLIC = Depends(anyone)
UNIT_HEADS = (Role.STATION_MANAGER, Role.TEAM_LEADER)
"""Who sees and registers the volunteers of their own stations' teams, or of their own teams."""


def _keys(request: Request) -> KeyRing:
    keys: KeyRing = request.app.state.keys
    return keys


def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


Keys = Annotated[KeyRing, Depends(_keys)]
PasswordThreads = Annotated[Passwords, Depends(_passwords)]


def _keyed(claim: IdempotencyKey, keys: Keys) -> Claim | None:
    """Key the fingerprint: a plain hash of a body with a password or an ID number in it could be guessed from."""
    return None if claim is None else replace(claim, fingerprint=keys.fingerprint(claim.fingerprint))


KeyedIdempotencyKey = Annotated[Claim | None, Depends(_keyed)]
InDistrict = Annotated[str, Query(pattern="^[0-9]{6}$", description="GB/T 2260 code", examples=["510115"])]
