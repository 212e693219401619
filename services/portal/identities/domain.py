"""What the browser keeps while somebody is at an outside issuer.

Invariant: a log-in is ended only in the browser that began it, at the issuer that it was begun at, and a linking only
by the account that began it: the cookie says which, it is sealed, and ``state`` itself is in it as a hash alone.
"""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECONDS = 600
"""As long as registry takes the state (``registry/accounts/outside_issuer.py``)."""
_NONCE_BYTES = 12
_BOUND_TO = b"begun at an outside issuer"


@dataclass(frozen=True, slots=True)
class Begun:
    """What was begun: at which issuer, and where to go on. ``account_id`` is whose it is to be linked to, or empty."""

    issuer: str
    state_hash: str
    then: str
    account_id: str = ""

    def is_ended_by(self, issuer: str, state: str) -> bool:
        """Return whether what came back is the end of it."""
        return self.issuer == issuer and hmac.compare_digest(self.state_hash, hash_of(state))


def hash_of(state: str) -> str:
    """Return what is kept of a state."""
    return hashlib.sha256(state.encode()).hexdigest()


def seal(key: bytes, begun: Begun) -> str:
    """Return it as a cookie keeps it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    text = json.dumps(asdict(begun)).encode()
    return urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, text, _BOUND_TO)).decode()


def unseal(key: bytes, cookie: str) -> Begun | None:
    """Return what a cookie keeps, or None where it is none of ours."""
    try:
        sealed = urlsafe_b64decode(cookie)
        return Begun(**json.loads(AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _BOUND_TO)))
    except (InvalidTag, ValueError):
        return None
