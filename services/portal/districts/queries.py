"""What is shown of districts and signing keys, and what an operator does about them."""

from datetime import datetime

from pydantic import BaseModel

from shared.http.upstream import Change, Nothing, Read


class District(BaseModel):
    """A district and how far it has come; ``waiting`` administrators have not logged in yet."""

    code: str
    name: str
    opened_at: datetime
    administrators: int
    waiting: int
    has_places: bool
    has_roster: bool

    @property
    def lacks(self) -> str:
        """What it waits for: ``administrator``, ``log-in``, ``places`` or ``roster``; empty where it is at work."""
        if not self.administrators:
            return "administrator"
        if self.waiting == self.administrators:
            return "log-in"
        return "" if self.has_roster else "roster" if self.has_places else "places"


class Districts(BaseModel):
    """A page of districts."""

    items: list[District]
    next_cursor: str | None


class SigningKey(BaseModel):
    """A key that tokens are signed with; both ends are None of the one that signs now."""

    id: str
    created_at: datetime
    replaced_at: datetime | None
    verifies_until: datetime | None


class Opened(BaseModel):
    """A district that is open, and the user name of its administrator."""

    code: str
    name: str
    administrator: str | None


DISTRICTS = Read("registry", "/v1/operations/districts", Districts)
SIGNING_KEYS = Read("registry", "/v1/signing-keys", list[SigningKey])
OPEN = Change("POST", "registry", "/v1/districts", Opened)
REPLACE_KEY = Change("POST", "registry", "/v1/signing-keys", Nothing)
