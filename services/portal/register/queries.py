"""What registration asks registry for."""

from datetime import date

from pydantic import BaseModel

from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Nothing, Read, Upstream, unless_away


class ConsentText(BaseModel):
    """What somebody consents to; ``needed``: nobody is registered without it."""

    purpose: str
    version: str
    title: str
    text: str
    needed: bool


class GuardianText(BaseModel):
    """What a minor's guardian agrees to."""

    version: str
    title: str
    text: str


class Registered(BaseModel):
    """Who somebody is now."""

    volunteer_number: str
    user_name: str
    registered_on: date


class Division(BaseModel):
    """The district, a township or a community."""

    code: str
    level: str
    name: str


class Divisions(BaseModel):
    """A district's divisions."""

    items: list[Division]


DIVISIONS = Read("registry", "/v1/divisions", Divisions)
CONSENT_TEXTS = Read("registry", "/v1/consent-texts", list[ConsentText])
GUARDIAN_TEXT = Read("registry", "/v1/guardian-text", GuardianText)
CHECK = Change("POST", "registry", "/v1/volunteers/self/check", Nothing)
REGISTER = Change("POST", "registry", "/v1/volunteers/self", Registered)
RESET_PASSWORD = Change("POST", "registry", "/v1/password-resets", Nothing)


async def communities(calls: Upstream, kept: Kept, district: str) -> list[tuple[str, str]] | None:
    """Return a district's communities, code and name, to choose from; None while registry is away."""
    asked = kept.get((DIVISIONS, district), lambda: calls.read(DIVISIONS, district=district, limit=1000))
    found = await unless_away(asked)
    return None if found is None else [(one.code, one.name) for one in found.items if one.level == "community"]
