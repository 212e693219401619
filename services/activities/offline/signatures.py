"""Signatures of offline lists: the list by this service, each entry by the device that keeps the list (ES256, JWS).

Invariant: a device writes with the private half of a key that never leaves it; this service keeps the public half. The
service's own key follows from its secret, so every process signs alike and nothing is kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.activities.offline.domain import Entry, EntryKind
from shared.contracts.faults import Code, Fault, RefusedError

ALGORITHM = "ES256"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256."""
_BITS = 256
_PUBLIC = ("kty", "crv", "x", "y")


class SignedEntry(BaseModel):
    """What a device signs. ``previous`` is the hash (hex) of the entry before it, of the first that of the list."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    sequence: int = Field(ge=1, le=1_000_000)
    previous: str = Field(pattern="^[0-9a-f]{64}$")
    kind: EntryKind
    sign_up_id: UUID | None = None
    device_time: AwareDatetime
    server_time: AwareDatetime | None = None

    @model_validator(mode="after")
    def _whole(self) -> "SignedEntry":
        is_clock = self.kind is EntryKind.CLOCK
        if (self.server_time is not None and not is_clock) or is_clock != (self.sign_up_id is None):
            raise ValueError
        return self


@dataclass(frozen=True)
class ListSigner:
    """Signs lists with a key that follows from the service's secret."""

    secret: bytes

    @cached_property
    def _key(self) -> ECKey:
        derived = HKDF(SHA256(), 48, salt=None, info=b"linbang offline list v1").derive(self.secret)
        private = ec.derive_private_key(int.from_bytes(derived) % (_ORDER - 1) + 1, ec.SECP256R1())
        return ECKey.import_key(private)

    @property
    def public_key(self) -> dict[str, Any]:
        """The public half, as JWK."""
        return self._key.as_dict(private=False)

    def sign(self, content: Mapping[str, Any]) -> str:
        """Return a list, signed."""
        return jws.serialize_compact({"alg": ALGORITHM, "typ": "JOSE"}, json.dumps(content), self._key)


def read_device_key(jwk: Mapping[str, Any]) -> str:
    """Return a device's public key (P-256) as it is kept. Raises RefusedError where it is none, or a private one."""
    public = json.dumps({name: jwk.get(name) for name in _PUBLIC})
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk or not _is_key(public):
        raise RefusedError(Fault("device_key_jwk", Code.FORMAT))
    return public


def _is_key(public: str) -> bool:
    try:
        return ECKey.import_key(json.loads(public)).public_key.key_size == _BITS
    except (JoseError, ValueError, TypeError, AttributeError):
        return False


def read_entry(signed: str, device_id: UUID, public_key: str, received_at: datetime) -> Entry | None:
    """Return the entry in a compact JWS; None where it is not signed by the device's key, or says no entry."""
    try:
        opened = jws.deserialize_compact(signed, ECKey.import_key(json.loads(public_key)), algorithms=[ALGORITHM])
        said = SignedEntry.model_validate_json(opened.payload)
    except (JoseError, ValidationError, ValueError):
        return None
    return Entry(
        id=said.id,
        device_id=device_id,
        sequence=said.sequence,
        previous=bytes.fromhex(said.previous),
        hash=hash_of(signed),
        kind=said.kind,
        sign_up_id=said.sign_up_id,
        device_time=said.device_time,
        server_time=said.server_time,
        received_at=received_at,
    )


def hash_of(signed: str) -> bytes:
    """Return what the next entry names a signed text by."""
    return sha256(signed.encode()).digest()
