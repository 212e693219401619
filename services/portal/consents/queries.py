"""What the page about consents asks registry for."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from shared.http.upstream import Change, Read


class Statement(BaseModel):
    """What was stated once."""

    given: bool
    channel: str
    text_version: str
    stated_at: datetime


class OwnConsent(BaseModel):
    """A purpose, whether it holds, and how that came."""

    purpose: str
    title: str
    text: str
    text_version: str
    needed: bool
    given: bool
    changed: bool
    channel: str
    stated_at: datetime | None
    statements: list[Statement]


class OwnConsents(BaseModel):
    """Every purpose, and what the organisation has stated that has registered one."""

    items: list[OwnConsent]
    organisation_source: str | None
    organisation_stated_at: datetime | None

    @property
    def choices(self) -> Sequence[OwnConsent]:
        """What can be agreed to and taken back."""
        return [one for one in self.items if not one.needed]

    @property
    def needed(self) -> Sequence[OwnConsent]:
        """What ends with the registration alone."""
        return [one for one in self.items if one.needed]


class Stated(BaseModel):
    """What holds of a purpose now."""

    purpose: str
    given: bool


MY_CONSENTS = Read("registry", "/v1/me/consents", OwnConsents)
STATE_CONSENT = Change("PUT", "registry", "/v1/me/consents/{purpose}", Stated)
