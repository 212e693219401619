"""Pages of closing a shift.

Invariant: nothing is confirmed that was not on the page; a refused form comes back as it was filled in.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from services.portal.closing import queries
from services.portal.closing.entries import RATINGS, Said, closing_faults, entries, said_by_rule, said_of, unreadable
from services.portal.offline.queries import doubts
from services.portal.roster.queries import find_roster
from services.portal.sessions.dependencies import Organiser
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import faults_of
from services.portal.shell.ids import id_of
from services.portal.volunteers.queries import names
from shared.http.upstream import RefusedByServiceError
from shared.store.event_log import now

router = APIRouter(prefix="/staff/shifts", include_in_schema=False)


@router.get("/{shift_id}/closing")
async def show_closing(visit: Organiser, shift_id: str, done: str = "") -> Response:
    """Show who came, who did not, and what is missing."""
    return await _page(visit, id_of(shift_id), done=done)


@router.post("/{shift_id}/closing")
async def close(visit: Organiser, request: Request, shift_id: str) -> Response:
    """Close the shift with what was filled in."""
    shift = id_of(shift_id)
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    roster, closing = await asyncio.gather(
        find_roster(visit.calls, shift, limit=1), queries.find_closing(visit.calls, shift)
    )
    if faults := unreadable(typed, closing.items, visit.look.language):
        return await _page(visit, shift, typed=typed, faults=faults, status=422)
    body = {"entries": entries(typed, closing.items, roster.starts_at, roster.ends_at)}
    try:
        await visit.calls.change(queries.CLOSE, body, key=typed.get("key"), shift_id=shift)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _page(visit, shift, typed=typed, faults=closing_faults(refused), status=refused.status)
    return visit.go(f"/staff/shifts/{shift}/closing?done=closed")


@router.post("/{shift_id}/reopen")
async def reopen(
    visit: Organiser,
    shift_id: str,
    reason: Annotated[str, Form(max_length=500)] = "",
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Open a closed shift again, to put it right."""
    shift = id_of(shift_id)
    try:
        await visit.calls.change(queries.REOPEN, {"reason": reason.strip()}, key=key or None, shift_id=shift)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _page(visit, shift, faults=faults_of(refused), status=refused.status)
    return visit.go(f"/staff/shifts/{shift}/closing")


async def _page(
    visit: Visit,
    shift_id: UUID,
    *,
    typed: Mapping[str, str] | None = None,
    faults: dict[str, str] | None = None,
    status: int = 200,
    done: str = "",
) -> Response:
    roster, closing, doubted = await asyncio.gather(
        find_roster(visit.calls, shift_id, limit=1),
        queries.find_closing(visit.calls, shift_id),
        doubts(visit.calls, shift_id),
    )
    known = await names(visit.calls, [line.volunteer_id for line in closing.items])
    said: dict[UUID, Said] = {
        line.sign_up_id: said_of(typed, line.sign_up_id) if typed else said_by_rule(line) for line in closing.items
    }
    shown = {
        "roster": roster,
        "closing": closing,
        "names": known,
        "said": said,
        "faults": faults or {},
        "ratings": RATINGS,
    }
    return visit.page("closing/closing.html", status, **shown, doubts=doubted, done=done, now=now())
