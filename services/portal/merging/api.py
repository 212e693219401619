"""Pages for the office where two entries are one person's.

Invariant: nothing is merged that was not shown side by side before, and who does it has just shown who they are.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.merging import queries
from services.portal.sessions.dependencies import page_for, stepped_up_lately
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from services.portal.volunteers.queries import VOLUNTEER
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError

router = APIRouter(prefix="/staff/volunteers/{volunteer_id}/merging", include_in_schema=False)
Office = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
_Words = Annotated[str, Form(max_length=500)]


@router.get("")
async def show_pair(visit: Office, volunteer_id: str, number: Annotated[str, Query(max_length=50)] = "") -> Response:
    """Ask for the other number; then show both entries side by side."""
    found = id_of(volunteer_id)
    if not await stepped_up_lately(visit):
        return visit.page("merging/confirm.html", volunteer_id=found, then=f"/staff/volunteers/{found}/merging")
    return await _pair(visit, found, number.strip())


@router.post("")
async def merge(
    visit: Office,
    volunteer_id: str,
    number: Annotated[ShortText, Form()] = "",
    reason: _Words = "",
    sure: Annotated[ShortText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Merge the other entry into this one."""
    found = id_of(volunteer_id)
    if sure != "yes":
        return await _pair(visit, found, number, reason=reason, unsure=True)
    try:
        body = {"merged_number": number, "reason": reason.strip()}
        await visit.calls.change(queries.MERGE, body, key=key or None, volunteer_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("step_up"):
            raise
        return await _pair(visit, found, number, refused, reason=reason)
    return visit.go(f"/staff/volunteers/{found}?done=merged")


@router.get("/undoing")
async def show_undoing(visit: Office, volunteer_id: str) -> Response:
    """Say what undoing does, and ask why."""
    found = id_of(volunteer_id)
    if not await stepped_up_lately(visit):
        then = f"/staff/volunteers/{found}/merging/undoing"
        return visit.page("merging/confirm.html", volunteer_id=found, then=then)
    return await _undoing(visit, found)


@router.post("/undoing")
async def undo(
    visit: Office, volunteer_id: str, reason: _Words = "", key: Annotated[ShortText, Form()] = ""
) -> Response:
    """Let an entry that was merged be one of its own again."""
    found = id_of(volunteer_id)
    try:
        await visit.calls.change(queries.UNDO, {"reason": reason.strip()}, key=key or None, volunteer_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("step_up") or refused.has("not_found"):
            raise
        return await _undoing(visit, found, refused, reason)
    return visit.go(f"/staff/volunteers/{found}?done=unmerged")


async def _pair(
    visit: Visit,
    volunteer_id: UUID,
    number: str,
    refused: RefusedByServiceError | None = None,
    *,
    reason: str = "",
    unsure: bool = False,
) -> Response:
    pair, kept, merged, overlaps = None, None, None, None
    if number:
        try:
            pair = await visit.calls.read(queries.PAIR, volunteer_id=volunteer_id, merged_number=number)
        except RefusedByServiceError as impossible:
            if not impossible.faults:
                raise
            refused = impossible
    if pair is not None:
        kept, merged, overlaps = await queries.served(visit.calls, pair)
    shown = {"pair": pair, "kept": kept, "merged": merged, "overlaps": overlaps, "number": number, "reason": reason}
    status = refused.status if refused else 422 if unsure else 200
    faults = faults_of(refused) if refused else {}
    return visit.page("merging/pair.html", status, volunteer_id=volunteer_id, faults=faults, unsure=unsure, **shown)


async def _undoing(
    visit: Visit, volunteer_id: UUID, refused: RefusedByServiceError | None = None, reason: str = ""
) -> Response:
    volunteer = await visit.calls.read(VOLUNTEER, volunteer_id=volunteer_id)
    faults = faults_of(refused) if refused else {}
    status = refused.status if refused else 200
    return visit.page("merging/undoing.html", status, volunteer=volunteer, faults=faults, reason=reason)
