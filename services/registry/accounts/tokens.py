"""Access tokens: what they say of an account, signed."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import BaseModel

from services.registry.accounts.domain import NEED_SECOND_FACTOR
from services.registry.accounts.repository import Account, SigningKey
from services.registry.accounts.sessions import Session
from services.registry.people.domain.privacy import KeyRing
from shared.contracts.tokens import ALGORITHM, ISSUER, LIFETIME, Limit

Standing: TypeAlias = Literal["none", "needed_to_set_up", "done"]
"""How an account stands with its second factor; where its roles need one, its tokens set it up alone until it has."""


class Tokens(BaseModel):
    """A bearer token (Ed25519 JWT), the token that gets the next ones, and the seconds each lasts."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name (RFC 6750)
    expires_in: int
    refresh_token: str
    """Good once; the answer to its use holds the next one."""
    refresh_expires_in: int
    must_change_password: bool
    """The password is a temporary one: the token is good for changing it alone."""
    second_factor: Standing


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues tokens: registry's keys, and whether roles that need a second factor get on without."""

    keys: KeyRing
    second_factor_required: bool

    def issue(
        self,
        signing_key: SigningKey,
        account: Account,
        session: Session,
        refresh_token: str,
        issued_at: datetime,
    ) -> Tokens:
        """Return an account's tokens in a session."""
        standing = self._standing(account)
        limit = _limit(account, session, standing)
        claims = _claims(account, issued_at) | _of_session(session) | ({"only": limit.value} if limit else {})
        return Tokens(
            access_token=sign(self.keys, signing_key, claims),
            expires_in=int(LIFETIME.total_seconds()),
            refresh_token=refresh_token,
            refresh_expires_in=int(session.expires_in.total_seconds()),
            must_change_password=account.must_change_password,
            second_factor=standing,
        )

    def _standing(self, account: Account) -> Standing:
        if account.has_second_factor:
            return "done"
        needed = self.second_factor_required and not NEED_SECOND_FACTOR.isdisjoint(account.roles)
        return "needed_to_set_up" if needed else "none"


def _limit(account: Account, session: Session, standing: Standing) -> Limit | None:
    """Return what the tokens of an account that is not in order are good for alone."""
    if standing == "done" and session.stepped_up_at is None:
        return Limit.STEP_UP
    if account.must_change_password:
        return Limit.PASSWORD
    return Limit.SECOND_FACTOR if standing == "needed_to_set_up" else None


def sign(keys: KeyRing, signing_key: SigningKey, claims: dict[str, object]) -> str:
    """Return a token that says this."""
    private_key = OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _base64url(signing_key.public_key),
            "d": _base64url(keys.open_signing_key(signing_key.id, signing_key.sealed_key)),
        }
    )
    return jwt.encode({"alg": ALGORITHM, "kid": signing_key.id}, claims, private_key, algorithms=[ALGORITHM])


def _claims(account: Account, issued_at: datetime) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": ISSUER,
        "sub": str(account.id),
        "ver": account.version,
        "district": account.district,
        "roles": list(account.roles),
        "units": [str(unit) for unit in account.units],
        "iat": int(issued_at.timestamp()),
        "exp": int((issued_at + LIFETIME).timestamp()),
    }
    return claims | ({"vid": str(account.volunteer_id)} if account.volunteer_id else {})


def _of_session(session: Session) -> dict[str, object]:
    claims: dict[str, object] = {"sid": str(session.id)}
    if session.stepped_up_at:
        claims["stepped_up_at"] = int(session.stepped_up_at.timestamp())
    return claims


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
