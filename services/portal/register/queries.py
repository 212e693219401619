"""What registration asks registry for."""

from datetime import date

from pydantic import BaseModel

from shared.http.upstream import Change, Nothing, Read


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


CONSENT_TEXTS = Read("registry", "/v1/consent-texts", list[ConsentText])
GUARDIAN_TEXT = Read("registry", "/v1/guardian-text", GuardianText)
CHECK = Change("POST", "registry", "/v1/volunteers/self/check", Nothing)
REGISTER = Change("POST", "registry", "/v1/volunteers/self", Registered)
RESET_PASSWORD = Change("POST", "registry", "/v1/password-resets", Nothing)
