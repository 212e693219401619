"""What registry is asked for a log-in."""

from pydantic import BaseModel

from shared.http.upstream import Change


class TokenAnswer(BaseModel):
    """The tokens of an account that has shown who it is."""

    access_token: str
    expires_in: int
    refresh_token: str | None = None


LOG_IN = Change("POST", "registry", "/v1/tokens", TokenAnswer)
