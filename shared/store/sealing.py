"""Messages to one reader: sealed to an X25519 public key, opened with its private key alone.

Invariant: whoever seals cannot open, and a sealed message opens only under the id it was sealed for. A batch shares one
ephemeral key, so sealing a whole roster costs one key agreement; every message has its own random nonce.

Format: version (1 byte, ``1``) + ephemeral public key (32) + nonce (12) + AES-256-GCM ciphertext with tag.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = b"\x01"
KEY_BYTES = 32
NONCE_BYTES = 12
_NONCE_AT = len(VERSION) + KEY_BYTES
_CIPHERTEXT_AT = _NONCE_AT + NONCE_BYTES


class UnsealableError(Exception):
    """The bytes were not sealed to this key under this id, or have been changed since."""


def seal(public_key: bytes, items: Sequence[tuple[str, bytes]]) -> list[bytes]:
    """Seal each ``(associated id, plaintext)`` to a raw 32-byte X25519 public key, in the order given."""
    ephemeral = X25519PrivateKey.generate()
    ephemeral_public = ephemeral.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shared_secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    cipher = _cipher(shared_secret, ephemeral_public, public_key)
    prefix = VERSION + ephemeral_public
    sealed = []
    for associated_id, plaintext in items:
        nonce = os.urandom(NONCE_BYTES)
        sealed.append(prefix + nonce + cipher.encrypt(nonce, plaintext, associated_id.encode()))
    return sealed


def open_sealed(private_key: bytes, associated_id: str, sealed: bytes) -> bytes:
    """Return the plaintext sealed to the public half of a raw 32-byte X25519 key. Raises UnsealableError."""
    if sealed[: len(VERSION)] != VERSION or len(sealed) < _CIPHERTEXT_AT:
        raise UnsealableError("not a sealed message of a known version")
    reader = X25519PrivateKey.from_private_bytes(private_key)
    own_public = reader.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    ephemeral_public = sealed[len(VERSION) : _NONCE_AT]
    try:
        shared_secret = reader.exchange(X25519PublicKey.from_public_bytes(ephemeral_public))
        cipher = _cipher(shared_secret, ephemeral_public, own_public)
        return cipher.decrypt(sealed[_NONCE_AT:_CIPHERTEXT_AT], sealed[_CIPHERTEXT_AT:], associated_id.encode())
    except (InvalidTag, ValueError):
        raise UnsealableError("sealed to another key or under another id, or changed since") from None


def _cipher(shared_secret: bytes, ephemeral_public: bytes, reader_public: bytes) -> AESGCM:
    """Derive the batch's key. Both public keys go in, so that a message cannot be passed off under other keys."""
    derivation = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"linbang sealing v1" + ephemeral_public + reader_public)
    return AESGCM(derivation.derive(shared_secret))
