"""What a session is, how long it lasts, and what its cookie looks like.

Invariant: the cookie's value is ``<district>.<256 random bits>``; what is kept of the bits is their SHA-256, so the
database opens no session. A session ends at its last moment, or where nobody has looked for long.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.actor import STAFF, Role

_VALUE = re.compile(r"(?P<district>[0-9]{6}|\*)\.(?P<secret>[\w-]{43})", re.ASCII)
_NONCE_BYTES = 12
NEWER_BEFORE = timedelta(seconds=30)
"""An access token that ends sooner is replaced first: a page's calls must not see it end."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts at most, and how long where nobody looks."""

    longest: timedelta
    idle: timedelta


VOLUNTEER = Lifetime(timedelta(days=30), timedelta(days=14))
STAFF_LIFETIME = Lifetime(timedelta(hours=12), timedelta(minutes=30))
OPERATOR = Lifetime(timedelta(hours=4), timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What registry issued: the access token, until when it holds, and what a newer one is got for."""

    access: str = field(repr=False)
    access_until: datetime
    refresh: str = field(repr=False)

    def end_soon(self, now: datetime) -> bool:
        """Return whether newer ones are needed before a request is passed on."""
        return self.access_until - now < NEWER_BEFORE


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in. ``district`` is ``*`` for the operator."""

    district: str
    account_id: UUID
    volunteer_id: UUID | None
    roles: frozenset[str]
    tokens: Tokens
    created_at: datetime
    seen_at: datetime
    ends_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Return whether it has ended, by its last moment or for want of use."""
        return is_over(self.roles, self.seen_at, self.ends_at, now)


@dataclass(frozen=True, slots=True)
class CookieValue:
    """What the browser keeps."""

    district: str
    secret: str = field(repr=False)

    @property
    def secret_hash(self) -> bytes:
        """What the database keeps of it."""
        return hashlib.sha256(self.secret.encode()).digest()

    def __str__(self) -> str:
        return f"{self.district}.{self.secret}"


def new_cookie_value(district: str) -> CookieValue:
    """Return a value that nobody has guessed."""
    return CookieValue(district, secrets.token_urlsafe(32))


def read_cookie_value(text: str) -> CookieValue | None:
    """Return what a cookie says, or None where it is none of ours."""
    found = _VALUE.fullmatch(text)
    return CookieValue(found["district"], found["secret"]) if found else None


def lifetime(roles: Set[str]) -> Lifetime:
    """Return how long sessions of these roles last: the most powerful of them decides."""
    if Role.OPERATOR in roles:
        return OPERATOR
    return STAFF_LIFETIME if roles & set(STAFF) else VOLUNTEER


def is_over(roles: Iterable[str], seen_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Return whether a session has ended, by its last moment or for want of use."""
    return now >= ends_at or now - seen_at >= lifetime(frozenset(roles)).idle


def encrypt(key: bytes, text: str, of: CookieValue) -> bytes:
    """Encrypt a token so that it opens for this session alone."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), of.secret_hash)


def decrypt(key: bytes, sealed: bytes, of: CookieValue) -> str | None:
    """Return the token, or None where it was encrypted with another key: the session is of no use then."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], of.secret_hash).decode()
    except InvalidTag:
        return None
