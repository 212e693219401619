"""What anybody may read: without a token, not too often from one address, kept by whoever asked for half a minute.

Invariant: the same content has the same entity tag, whatever process answers and whenever; ``as_of`` says when the
answer was made and is no part of it, so the tags are weak (RFC 9110, 8.8.1).
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response
from limits import RateLimitItemPerMinute
from pydantic import BaseModel

from shared.http.auth import anyone
from shared.http.client_address import ClientAddress
from shared.http.kept import KeptAnswers
from shared.http.rates import Rates

MAX_AGE_SECONDS = 30
_FROM_ADDRESS = RateLimitItemPerMinute(600, namespace="public reads from")
"""A whole campus may come from one address, as for log-ins (ADR 0014)."""

KEPT_SECONDS = 60.0
"""For so long a process answers the same where adding up takes more than a look: ``as_of`` says since when it has."""

InDistrict = Annotated[str, Query(pattern="^[0-9]{6}$", description="GB/T 2260 code", examples=["510115"])]

InYear = Annotated[int, Query(ge=2001, le=2999, description="A calendar year in China's time.", examples=[2026])]


def keep_answers(app: FastAPI, _settings: Any) -> None:  # noqa: ANN401 - each service has settings of its own
    """Have public answers kept: a part's ``install``."""
    app.state.kept_public = KeptAnswers(KEPT_SECONDS)


async def _kept(request: Request) -> KeptAnswers:
    kept: KeptAnswers = request.app.state.kept_public
    return kept


KeptPublic = Annotated[KeptAnswers, Depends(_kept)]


async def _count(request: Request, address: ClientAddress) -> None:
    rates: Rates = request.app.state.rates
    rates.count(_FROM_ADDRESS, "", address)


PUBLIC_READ = (Depends(anyone), Depends(_count))
"""What a public read declares as its ``dependencies``."""
PUBLIC_ANSWERS: dict[int | str, dict[str, object]] = {
    304: {"description": "What the caller holds is up to date"},
    429: {},
}
"""What it can answer besides; its ``responses``."""


def public_answer(request: Request, view: BaseModel) -> Response:
    """Return the answer with its entity tag; 304 without a body where the caller holds the same content.

    A field ``as_of`` of the answer is when it was made.
    """
    return tagged(request, view.model_dump_json(exclude={"as_of"}), view.model_dump_json(), "application/json", {})


def tagged(request: Request, compared: str, content: str, media_type: str, more: Mapping[str, str]) -> Response:
    """Return some content with the entity tag of what is ``compared`` of it, or 304; with ``more`` headers."""
    tag = f'W/"{hashlib.sha256(compared.encode()).hexdigest()[:32]}"'
    headers = {**more, "ETag": tag, "Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"}
    held = {each.strip() for each in request.headers.get("if-none-match", "").split(",")}
    if tag in held:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
