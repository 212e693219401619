"""What a volunteer wants to be told, as a form. Invariant: what is not asked about stays as it is told by default."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from services.portal.notices import queries
from services.portal.notices.forms import NoticesForm, filled, notice_faults
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.queries import OWN_ACCOUNT
from services.portal.sessions.visits import Visit
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(prefix="/settings/notices", include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
OF_LEADERS = "leading"
"""The purpose of what only those are told who publish activities."""


@router.get("")
async def show_notices(visit: Volunteer) -> Response:
    """Show what one is told, where, and when not."""
    return await _page(visit)


@router.post("")
async def set_notices(visit: Volunteer, form: Annotated[NoticesForm, Form()]) -> Response:
    """Say what one wants to be told from now on."""
    try:
        await visit.calls.change(queries.SET_PREFERENCES, form.body())
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _page(visit, form, refused)
    return visit.go("/settings?done=notices")


async def _page(
    visit: Visit, form: NoticesForm | None = None, refused: RefusedByServiceError | None = None
) -> Response:
    said, own = await asyncio.gather(
        unless_away(visit.calls.read(queries.PREFERENCES)), unless_away(visit.calls.read(OWN_ACCOUNT))
    )
    if said is None:
        return visit.page("notices/away.html")
    quiet = said.quiet_hours
    return visit.page(
        "notices/notices.html",
        refused.status if refused else 200,
        purposes=[purpose for purpose in said.channels if purpose != OF_LEADERS or visit.is_staff],
        needed=said.needed,
        form=form or filled(said.channels, (quiet.starts, quiet.ends) if quiet else None),
        has_mail=own is None or own.volunteer is None or bool(own.volunteer.email),
        faults=notice_faults(refused) if refused else {},
    )
