"""What routes that deal with personal data get handed: the keys, and idempotency claims that give nothing away."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from services.registry.people.domain.privacy import KeyRing
from shared.contracts.actor import Scope
from shared.http.auth import Caller
from shared.http.idempotency import Claim, IdempotencyKey


def _keys(request: Request) -> KeyRing:
    keys: KeyRing = request.app.state.keys
    return keys


Keys = Annotated[KeyRing, Depends(_keys)]


def _keyed(claim: IdempotencyKey, keys: Keys) -> Claim | None:
    """Key the fingerprint: a plain hash of a body with a password or an ID number in it could be guessed from."""
    return None if claim is None else replace(claim, fingerprint=keys.fingerprint(claim.fingerprint))


KeyedIdempotencyKey = Annotated[Claim | None, Depends(_keyed)]


def stranger(district: str, stranger_id: UUID) -> Caller:
    """Return whoever has no account: each phone number has idempotency keys of its own (case C30)."""
    return Caller(
        name=f"stranger:{stranger_id}",
        account_id=stranger_id,
        district=district,
        scope=Scope(frozenset([district])),
    )
