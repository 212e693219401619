"""What registry is asked for: the ways to log in, tokens at log-in, newer ones, their end, and what is to accept."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from services.portal.sessions.domain import Tokens
from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Nothing, Read, Upstream, unless_away


class TokenAnswer(BaseModel):
    """The tokens of an account that has shown who it is."""

    access_token: str
    expires_in: int
    refresh_token: str
    must_change_password: bool
    second_factor: str

    def tokens(self, now: datetime) -> Tokens:
        """Return them as a session keeps them."""
        return Tokens(self.access_token, now + timedelta(seconds=self.expires_in), self.refresh_token)


class Points(BaseModel):
    """Where somebody is reached, masked; an empty one is not on file."""

    phone: str
    email: str


class OwnAccount(BaseModel):
    """The account that asks; ``volunteer`` is None where it is nobody's who serves."""

    second_factor: bool
    volunteer: Points | None


class CodeSent(BaseModel):
    """How long a code is good for, and when another one can be sent, in seconds."""

    expires_in: int
    again_in: int


class Issuer(BaseModel):
    """An outside issuer that one may log in by: its name in addresses, and what people call it."""

    name: str
    title: str


class Issuers(BaseModel):
    """The issuers that registry's settings name."""

    issuers: list[Issuer]


class OwnRule(BaseModel):
    """A rule document in force, and when whoever asks has accepted it."""

    accepted_at: datetime | None


OWN_RULES = Read("registry", "/v1/me/rule-documents", list[OwnRule])
OWN_ACCOUNT = Read("registry", "/v1/me", OwnAccount)
SEND_CODE = Change("POST", "registry", "/v1/codes", CodeSent)
ISSUERS = Read("registry", "/v1/oidc", Issuers)
LOG_IN = Change("POST", "registry", "/v1/tokens", TokenAnswer)
LOG_IN_BY_PHONE = Change("POST", "registry", "/v1/tokens/by-phone", TokenAnswer)
REFRESH = Change("POST", "registry", "/v1/tokens/refresh", TokenAnswer)
STEP_UP = Change("POST", "registry", "/v1/me/step-up", TokenAnswer)
END = Change("POST", "registry", "/v1/tokens/end", Nothing)


async def issuers(calls: Upstream, kept: Kept, language: str) -> dict[str, str]:
    """Return the outside issuers that one may log in by, name and title; none while registry is away."""
    found = await unless_away(kept.get(("issuers", language), lambda: calls.read(ISSUERS)))
    return {issuer.name: issuer.title for issuer in found.issuers} if found else {}
