"""What registry signs tokens as, and every service verifies them by (ADR 0007); and which are revoked (ADR 0022).

Invariant: a token that was issued before a change to its account that ends tokens, or in a session that has ended, is
named by the account's `Revocation`, until it is out of date by itself.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

ISSUER = "linbang-registry"
ALGORITHM = "Ed25519"  # the name that RFC 9864 gives to EdDSA with this curve
LIFETIME = timedelta(minutes=15)
"""Of an access token."""
REVOKED_FOR = LIFETIME + timedelta(minutes=5)
"""What was revoked longer ago is out of date: the lifetime, clocks that differ, a transaction that took its time."""
STEPPED_UP_FOR = timedelta(minutes=10)
"""How long after the account's password or code was last asked for a token is good for what needs that."""


class Limit(StrEnum):
    """What a token is good for alone (claim ``only``), until its account is in order."""

    PASSWORD = "password"  # noqa: S105 - a temporary one, to be changed
    SECOND_FACTOR = "second_factor"
    """One that the account's roles require is still to be set up."""
    STEP_UP = "step_up"
    """Somebody came by an outside identity, and the account has a second factor to be asked for."""


class Revocation(BaseModel):
    """The value of an account's key in ``registry.revocation``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    minimum_version: int
    """Tokens of an earlier version of the account (claim ``ver``) are not good."""
    ended_sessions: tuple[UUID, ...] = ()
    """Neither are those of these sessions (claim ``sid``): all that have ended within ``REVOKED_FOR``."""
    changed_at: datetime
