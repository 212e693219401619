"""An uploaded file as it waits for its import: sealed pieces in the database, of which one at a time is in memory.

Invariant: no piece is stored or handed out in clear, each is bound to its import and its place (AES-GCM), and the file
is deleted when its import has ended. Pieces that no import owns, of an upload that broke off, go after a day.
"""

import asyncio
import hashlib
import io
import json
import os
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.imports.lines import Opener
from shared.store.engine import Store
from shared.store.event_log import new_id

PIECE_BYTES = 1024 * 1024
_NONCE_BYTES = 12
_FOUND = 2**32 - 1
"""In the place of a piece: what a refusal quotes."""
_STORE = text("""
    INSERT INTO import_file (district, import_id, piece, sealed) VALUES (:district, :import_id, :piece, :sealed)
""")
_FETCH = text("""
    SELECT sealed FROM import_file WHERE district = :district AND import_id = :import_id AND piece = :piece
""")
_DISCARD = text("DELETE FROM import_file WHERE district = :district AND import_id = :import_id")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has been taken in, but for its last piece, which goes in with its job."""

    import_id: UUID
    pieces: int
    last: bytes
    """Sealed."""
    digest: bytes
    """SHA-256 of the file."""


def seal_piece(key: bytes, import_id: UUID, piece: int, content: bytes) -> bytes:
    """Encrypt a piece of a file: it may hold personal data."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, _bound(import_id, piece))


def open_piece(key: bytes, import_id: UUID, piece: int, sealed: bytes) -> bytes:
    """Decrypt what ``seal_piece`` sealed. Raises InvalidTag where it is another's, or was changed."""
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(import_id, piece))


def opens(key: bytes, import_id: UUID, piece: int | None, sealed: bytes) -> bool:
    """Return whether a piece was sealed with this key; ``piece`` is None for a whole file of the release before."""
    try:
        AESGCM(key).decrypt(
            sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None if piece is None else _bound(import_id, piece)
        )
    except InvalidTag:
        return False
    return True


def seal_found(key: bytes, import_id: UUID, found: Mapping[str, str]) -> str:
    """Encrypt what a refusal quotes of a file: people put names into titles and names of sheets."""
    return b64encode(seal_piece(key, import_id, _FOUND, json.dumps(dict(found)).encode())).decode()


def open_found(key: bytes, import_id: UUID, sealed: str) -> dict[str, str] | None:
    """Decrypt what ``seal_found`` sealed; return None where the key is another one by now."""
    try:
        found: dict[str, str] = json.loads(open_piece(key, import_id, _FOUND, b64decode(sealed)))
    except InvalidTag:
        return None
    return found


def _bound(import_id: UUID, piece: int) -> bytes:
    return import_id.bytes + piece.to_bytes(4)


async def take_upload(store: Store, district: str, key: bytes, content: AsyncIterator[bytes]) -> Upload | None:
    """Store a file as it comes, sealed; return None where it is empty. What breaks off is not kept.

    No transaction is open while the sender is waited for.
    """
    import_id, digest, piece, buffer = new_id(), hashlib.sha256(), 0, bytearray()
    try:
        async for part in content:
            digest.update(part)
            buffer += part
            while len(buffer) > PIECE_BYTES:
                async with store.transaction(district) as tx:
                    sealed = seal_piece(key, import_id, piece, bytes(buffer[:PIECE_BYTES]))
                    await store_piece(tx, district, import_id, piece, sealed)
                del buffer[:PIECE_BYTES]
                piece += 1
    except BaseException:
        await discard_upload(store, district, import_id, piece)
        raise
    if not buffer:
        return None
    last = seal_piece(key, import_id, piece, bytes(buffer))
    return Upload(import_id, piece + 1, last, digest.digest())


async def store_piece(tx: AsyncConnection, district: str, import_id: UUID, piece: int, sealed: bytes) -> None:
    """Store one piece."""
    await tx.execute(_STORE, {"district": district, "import_id": import_id, "piece": piece, "sealed": sealed})


async def discard_upload(store: Store, district: str, import_id: UUID, stored: int) -> None:
    """Delete the pieces of an upload of which no import has come."""
    if stored:
        async with store.transaction(district) as tx:
            await tx.execute(_DISCARD, {"district": district, "import_id": import_id})


def opener(store: Store, key: bytes, district: str, import_id: UUID, pieces: int, first: bytes) -> Opener:
    """Return what opens a stored file, for a thread beside the running event loop; ``first`` is the first piece."""
    loop = asyncio.get_running_loop()

    async def fetch(piece: int) -> bytes:
        async with store.transaction() as tx:
            keys = {"district": district, "import_id": import_id, "piece": piece}
            return bytes((await tx.execute(_FETCH, keys)).scalar_one())

    def content_of(piece: int) -> bytes:
        sealed = first if piece == 0 else asyncio.run_coroutine_threadsafe(fetch(piece), loop).result()
        return open_piece(key, import_id, piece, sealed)

    return lambda: io.BufferedReader(_Pieces(content_of, pieces))


def opener_of_whole(key: bytes, sealed: bytes) -> Opener:
    """Return what opens a file as the release before stored it: in one, bound to nothing."""
    content = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    return lambda: io.BytesIO(content)


class _Pieces(io.RawIOBase):
    """Reads a file piece by piece, from its start to its end."""

    def __init__(self, content_of: Callable[[int], bytes], pieces: int) -> None:
        super().__init__()
        self._content_of = content_of
        self._pieces = pieces
        self._next = 0
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as in io.RawIOBase
        """Read on."""
        if not self._left and self._next < self._pieces:
            self._left = memoryview(self._content_of(self._next))
            self._next += 1
        piece = self._left[: len(buffer)]
        buffer[: len(piece)] = piece
        self._left = self._left[len(piece) :]
        return len(piece)
