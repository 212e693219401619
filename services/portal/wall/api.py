"""The wall screen of a shift.

Invariant: a code on the screen is one that is accepted. One that has not been replaced for 30 s gives way to a sentence
that says so (``staff.css``, with scripts and without); a screen that could not be made comes again by itself.
"""

import asyncio

from fastapi import APIRouter, Response

from services.portal.roster.queries import as_forbidden, find_roster
from services.portal.sessions.dependencies import Organiser
from services.portal.sessions.visits import Visit
from services.portal.shell.ids import id_of
from services.portal.shell.site import Site
from services.portal.wall import queries
from shared.http.upstream import AwayError, RefusedByServiceError

router = APIRouter(prefix="/staff/shifts", include_in_schema=False)
_UNAVAILABLE = 503


@router.get("/{shift_id}/wall")
async def show_wall(visit: Organiser, shift_id: str) -> Response:
    """Show the codes of now; the open page asks for the middle of itself again every few seconds."""
    shift = id_of(shift_id)
    if visit.by_htmx:
        code = await visit.calls.read(queries.CODE, shift_id=shift)
        return visit.page("wall/_code.html", code=code, qr=_qr(visit, code), shift_id=shift)
    try:
        roster, code = await asyncio.gather(
            find_roster(visit.calls, shift, limit=1), visit.calls.read(queries.CODE, shift_id=shift)
        )
    except RefusedByServiceError as refused:
        raise as_forbidden(refused) from None
    except AwayError:
        return visit.page("wall/away.html", _UNAVAILABLE)
    return visit.page("wall/wall.html", roster=roster, code=code, qr=_qr(visit, code), shift_id=shift)


def _qr(visit: Visit, code: queries.WallCode) -> queries.Drawing:
    site: Site = visit.request.app.state.site
    return queries.drawn(f"{site.origin}/c/{code.qr_token}")
