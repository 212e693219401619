"""One's own consents: one tap each. Invariant: taking back asks for nothing that agreeing does not (PIPL art. 15)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Response

from services.portal.consents import queries
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import ShortText
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(prefix="/me/consents", include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Purpose = Literal["service", "id_number", "notices", "proposals", "publicity"]


@router.get("")
async def show_consents(visit: Volunteer, done: str = "", about: str = "") -> Response:
    """Show what one's data may be handled for, and what can be taken back."""
    return await _page(visit, done=done, about=about)


@router.post("/{purpose}/{answer}")
async def state_consent(
    visit: Volunteer,
    purpose: Purpose,
    answer: Literal["agree", "take-back"],
    version: Annotated[ShortText, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Agree to a purpose, or take that back."""
    body = {"text_version": version, "given": answer == "agree"}
    try:
        await visit.calls.change(queries.STATE_CONSENT, body, key=key or None, purpose=purpose)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _page(visit, refused=refused)
    return visit.go(f"/me/consents?done={answer}&about={purpose}")


async def _page(
    visit: Visit, done: str = "", about: str = "", refused: RefusedByServiceError | None = None
) -> Response:
    found = await unless_away(visit.calls.read(queries.MY_CONSENTS))
    status = refused.status if refused else 200
    return visit.page("consents/consents.html", status, found=found, done=done, about=about, refused=refused)
