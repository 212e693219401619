"""What the page about consents asks registry for."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, Nothing, Read


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


class OrganisationStatement(BaseModel):
    """What was stated of the consents of a roster's people."""

    source: str
    statement: str
    stated_by: str | None
    stated_at: datetime


class GuardianText(BaseModel):
    """What a guardian agrees to."""

    version: str
    title: str
    text: str


class OwnGuardian(BaseModel):
    """Whether one needs a guardian's consent, and whose one has, masked."""

    minor: bool
    agreed: bool
    agreed_at: datetime | None
    name: str
    phone: str
    text: GuardianText


class Agreed(BaseModel):
    """Whether a guardian agrees now."""

    agreed: bool


class Minor(BaseModel):
    """A volunteer under 18, masked."""

    id: UUID
    volunteer_number: str
    name: str
    phone: str
    organisation: str | None
    registered_on: date
    guardian_agreed: bool


class Minors(BaseModel):
    """A page of the district's minors."""

    items: list[Minor]
    next_cursor: str | None


MY_GUARDIAN = Read("registry", "/v1/me/guardian", OwnGuardian)
AGREE_AS_GUARDIAN = Change("POST", "registry", "/v1/me/guardian", Agreed)
TAKE_BACK_AS_GUARDIAN = Change("POST", "registry", "/v1/guardian-withdrawals", Agreed)
STATEMENTS = Read("registry", "/v1/organisation-statements/{subject_id}", list[OrganisationStatement])
SPEAK_FOR = Change("POST", "registry", "/v1/organisation-statements", Nothing)
MINORS = Read("registry", "/v1/minors", Minors)
