"""What registry is asked for about outside identities."""

from datetime import datetime

from pydantic import BaseModel

from services.portal.sessions.queries import TokenAnswer
from shared.http.upstream import Change, Nothing, Read


class OutsideLogIn(BaseModel):
    """Where to send the browser; ``state`` comes back with it."""

    url: str
    state: str


class Linked(BaseModel):
    """An issuer whose identity logs in to the account, and since when."""

    issuer: str
    linked_at: datetime


class LinkedIdentities(BaseModel):
    """The issuers whose identities log in to the account."""

    items: list[Linked]


START = Read("registry", "/v1/oidc/{issuer}/start", OutsideLogIn)
FINISH = Change("POST", "registry", "/v1/oidc/{issuer}/finish", TokenAnswer)
LINKED = Read("registry", "/v1/me/identities", LinkedIdentities)
LINK = Change("POST", "registry", "/v1/me/identities/{issuer}", Nothing)
UNLINK = Change("DELETE", "registry", "/v1/me/identities/{issuer}", Nothing)
