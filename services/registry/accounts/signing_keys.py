"""Keys that tokens are signed with, and their rotation.

Invariant: exactly one key signs, and an event tells of each that an operator makes. A private key is in clear only in
memory; on file it is sealed under the master key.
"""

from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import repository
from services.registry.accounts.repository import SigningKey
from services.registry.people.domain.privacy import KeyRing
from shared.contracts import SigningKeyReplaced
from shared.contracts.actor import Actor
from shared.contracts.operations import NO_DISTRICT
from shared.store import event_log
from shared.store.engine import Store
from shared.store.event_log import NewEvent, new_id


class SigningKeyCreated(BaseModel):
    """A new signing key's id: ``kid`` in tokens and in the key set."""

    id: str


async def ensure_signing_key(store: Store, keys: KeyRing) -> None:
    """Make the first signing key where there is none."""
    async with store.transaction() as tx:
        await repository.lock_signing_keys(tx)
        if await repository.current_signing_key(tx) is None:
            await repository.replace_signing_key(tx, _new_key(keys))


async def rotate_signing_key(tx: AsyncConnection, actor: Actor, keys: KeyRing) -> SigningKeyCreated:
    """Sign with a new key at once; the old one verifies until its tokens have expired."""
    await repository.lock_signing_keys(tx)
    key = _new_key(keys)
    await repository.replace_signing_key(tx, key)
    replaced = SigningKeyReplaced(action_id=new_id(), service="registry", key_id=key.id)
    await event_log.append(tx, [NewEvent(NO_DISTRICT, replaced.action_id, 1, replaced, actor.name)])
    return SigningKeyCreated(id=key.id)


def _new_key(keys: KeyRing) -> SigningKey:
    key_id = uuid4().hex
    private_key = Ed25519PrivateKey.generate()
    return SigningKey(
        id=key_id,
        public_key=private_key.public_key().public_bytes_raw(),
        sealed_key=keys.seal_signing_key(key_id, private_key.private_bytes_raw()),
    )
