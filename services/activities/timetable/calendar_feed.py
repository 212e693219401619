"""The secret address of a volunteer's calendar.

Invariant: one address a volunteer, known to nobody but who was told it: only its hash is kept, and a new one ends the
one before. It opens this calendar and nothing else.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_BYTES = 32
_RENEW = text("""
    INSERT INTO calendar_feed (district, volunteer_id, token_hash, made_at)
    VALUES (:district, :volunteer_id, :token_hash, :made_at)
    ON CONFLICT (district, volunteer_id) DO UPDATE SET token_hash = excluded.token_hash, made_at = excluded.made_at
""")
_MADE_AT = text("SELECT made_at FROM calendar_feed WHERE district = :district AND volunteer_id = :volunteer_id")
_WHOSE = text("SELECT volunteer_id FROM calendar_feed WHERE district = :district AND token_hash = :token_hash")


@dataclass(frozen=True, slots=True)
class FeedToken:
    """What opens a feed: the district that it is of, and a secret. As text ``510115-<secret>``."""

    district: str
    secret: str

    def __str__(self) -> str:
        return f"{self.district}-{self.secret}"

    @property
    def hash(self) -> bytes:
        """What is kept of it. The secret is random and long: nobody finds it from this."""
        return hashlib.sha256(self.secret.encode()).digest()


def read_token(token: str) -> FeedToken:
    """Read a token's text, whatever it is: one that was never given opens nothing."""
    district, _, secret = token.partition("-")
    return FeedToken(district, secret)


async def renew_feed(tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime) -> FeedToken:
    """Give a volunteer's calendar a new address; the one before opens nothing any more."""
    token = FeedToken(district, secrets.token_urlsafe(_BYTES))
    values = {"district": district, "volunteer_id": volunteer_id, "token_hash": token.hash, "made_at": at}
    await tx.execute(_RENEW, values)
    return token


async def made_at(tx: AsyncConnection, district: str, volunteer_id: UUID) -> datetime | None:
    """Return when a volunteer's calendar got its address, or None where it has none."""
    found: datetime | None = await tx.scalar(_MADE_AT, {"district": district, "volunteer_id": volunteer_id})
    return found


async def volunteer_of(tx: AsyncConnection, token: FeedToken) -> UUID | None:
    """Return whose calendar a token opens, or None."""
    found: UUID | None = await tx.scalar(_WHOSE, {"district": token.district, "token_hash": token.hash})
    return found
