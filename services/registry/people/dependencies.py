"""What routes that deal with personal data get handed: the keys, and idempotency claims that give nothing away."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from services.registry.people.domain.privacy import KeyRing
from shared.http.idempotency import Claim, IdempotencyKey


def _keys(request: Request) -> KeyRing:
    keys: KeyRing = request.app.state.keys
    return keys


Keys = Annotated[KeyRing, Depends(_keys)]


def _keyed(claim: IdempotencyKey, keys: Keys) -> Claim | None:
    """Key the fingerprint: a plain hash of a body with a password or an ID number in it could be guessed from."""
    return None if claim is None else replace(claim, fingerprint=keys.fingerprint(claim.fingerprint))


KeyedIdempotencyKey = Annotated[Claim | None, Depends(_keyed)]
