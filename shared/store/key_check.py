"""Whether the keys that a service is given are those that what is on file was sealed with: the table ``key_check``.

Invariant: a key is told by a digest that says nothing about it, noted when the key is seen first; a service with
another key does not start, as it would neither open what is there nor find who is there. Where nothing is sealed with
a key just now, another one takes its place.
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_READ = text("SELECT setting, digest FROM key_check WHERE setting = ANY(CAST(:settings AS text[])) FOR UPDATE")
_NOTE = text("""
    INSERT INTO key_check (setting, digest)
    SELECT * FROM unnest(CAST(:settings AS text[]), CAST(:digests AS bytea[]))
    ON CONFLICT (setting) DO UPDATE SET digest = excluded.digest
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('key_check', 0))")

Look = Callable[[AsyncConnection], Awaitable[bool]]
"""Looks into the database as the worker."""


async def _always(_tx: AsyncConnection) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """A key that what is on file is sealed with, or found by."""

    setting: str
    """The variable that an installation keeps it in, e.g. ``REGISTRY_MASTER_KEY``."""
    value: bytes
    in_use: Look = _always
    """Whether anything is on file that needs it."""
    opens: Look = _always
    """Whether it opens what is on file; asked where no digest is: of a database from before this table."""

    @property
    def digest(self) -> bytes:
        """What the key is told by."""
        return hmac.digest(self.value, b"linbang key check:" + self.setting.encode(), "sha256")


async def wrong_keys(tx: AsyncConnection, keys: Sequence[SealingKey]) -> list[str]:
    """Return the settings whose key is not the one that is needed; the digests of the others are noted."""
    if not keys:
        return []
    await tx.execute(_LOCK)
    rows = await tx.execute(_READ, {"settings": [key.setting for key in keys]})
    known = {row.setting: row.digest for row in rows}
    wrong = [key for key in keys if await _is_wrong(tx, key, known.get(key.setting))]
    new = [key for key in keys if key not in wrong and key.digest != known.get(key.setting)]
    if new:
        await tx.execute(_NOTE, {"settings": [key.setting for key in new], "digests": [key.digest for key in new]})
    return [key.setting for key in wrong]


async def _is_wrong(tx: AsyncConnection, key: SealingKey, known: bytes | None) -> bool:
    if known is None:
        return not await key.opens(tx)
    return known != key.digest and await key.in_use(tx)
