"""What registry is asked for: tokens at log-in, newer ones, and their end."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from services.portal.sessions.domain import Tokens
from shared.http.upstream import Change, Nothing, Read


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


class OwnAccount(BaseModel):
    """The account that asks, as far as showing once more who one is goes."""

    second_factor: bool


OWN_ACCOUNT = Read("registry", "/v1/me", OwnAccount)
LOG_IN = Change("POST", "registry", "/v1/tokens", TokenAnswer)
REFRESH = Change("POST", "registry", "/v1/tokens/refresh", TokenAnswer)
STEP_UP = Change("POST", "registry", "/v1/me/step-up", TokenAnswer)
END = Change("POST", "registry", "/v1/tokens/end", Nothing)
