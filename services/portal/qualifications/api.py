"""Pages of qualifications.

Invariant: a form that is refused comes back as it was typed, with every fault at once; what a paper says is shown to
the centre on a page of its own, never in a list.
"""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from services.portal.qualifications import queries
from services.portal.qualifications.forms import QualificationForm, read_form
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(include_in_schema=False)

OWN = "/me/qualifications"
OFFICE = "/staff/qualifications"
STATES = ("submitted", "verified", "refused", "expired", "revoked")
Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Key = Annotated[str, Form(max_length=100)]
Reason = Annotated[str, Form(max_length=2000)]


@router.get(OWN)
async def show_own(visit: Volunteer, done: str = "") -> Response:
    """Show one's own qualifications, and the form for another."""
    return await _own(visit, QualificationForm(), done=done)


@router.post(OWN)
async def submit(visit: Volunteer, request: Request) -> Response:
    """Submit one for the centre to look at."""
    form, evidence = await read_form(request)
    faults = form.faults(evidence, visit.look.language)
    try:
        if not faults:
            await visit.calls.change(queries.SUBMIT, form.body(evidence), key=form.key or None)
            return visit.go(f"{OWN}?done=submitted")
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        faults = faults_of(refused)
    return await _own(visit, form, faults)


@router.get(OWN + "/{qualification_id}/evidence.{ending}")
async def download_own(visit: Volunteer, qualification_id: str, ending: str) -> Response:
    """Hand out the picture of one's own."""
    return await _evidence(visit, id_of(qualification_id), ending)


@router.get(OFFICE)
async def list_all(
    visit: Centre,
    state: str = "submitted",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    done: str = "",
) -> Response:
    """List the district's qualifications in a state; those that wait come first."""
    chosen = state if state in STATES else STATES[0]
    found = await unless_away(visit.calls.read(queries.LIST, state=chosen, cursor=cursor))
    return visit.page("qualifications/list.html", found=found, chosen=chosen, states=STATES, done=done)


@router.get(OFFICE + "/{qualification_id}")
async def show_one(
    visit: Centre, qualification_id: str, number: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Show what a paper says and whose it is, to look at it; of a minor's one asks for another's approval first."""
    try:
        return await _one(visit, id_of(qualification_id))
    except RefusedByServiceError as refused:
        if not refused.has("approval_needed"):
            raise
    return visit.go(f"/staff/minor-readings/new?{urlencode({'purpose': 'qualification', 'number': number})}")


@router.get(OFFICE + "/{qualification_id}/evidence.{ending}")
async def download(visit: Centre, qualification_id: str, ending: str) -> Response:
    """Hand out the picture of a paper."""
    return await _evidence(visit, id_of(qualification_id), ending)


@router.post(OFFICE + "/{qualification_id}/verdict")
async def decide(
    visit: Centre, qualification_id: str, verdict: Annotated[str, Form()] = "", reason: Reason = "", key: Key = ""
) -> Response:
    """Say that it holds, or why not."""
    found, verified = id_of(qualification_id), verdict == "verified"
    body = {"verified": verified, "reason": "" if verified else reason.strip()}
    try:
        await visit.calls.change(queries.DECIDE, body, key=key or None, qualification_id=found)
    except RefusedByServiceError as refused:
        return await _one(visit, found, refused, reason)
    return visit.go(f"{OFFICE}?done={'verified' if verified else 'refused'}")


@router.post(OFFICE + "/{qualification_id}/revocation")
async def revoke(visit: Centre, qualification_id: str, reason: Reason = "", key: Key = "") -> Response:
    """Say that it holds no more, and why."""
    found = id_of(qualification_id)
    try:
        await visit.calls.change(queries.REVOKE, {"reason": reason.strip()}, key=key or None, qualification_id=found)
    except RefusedByServiceError as refused:
        return await _one(visit, found, refused, reason)
    return visit.go(f"{OFFICE}?state=revoked&done=revoked")


async def _own(visit: Visit, form: QualificationForm, faults: dict[str, str] | None = None, done: str = "") -> Response:
    found = await unless_away(visit.calls.read(queries.OWN))
    shown = {"found": found, "form": form, "faults": faults or {}, "done": done, "today": district_day(now())}
    return visit.page("qualifications/mine.html", 422 if faults else 200, **shown)


async def _one(
    visit: Visit, qualification_id: UUID, refused: RefusedByServiceError | None = None, reason: str = ""
) -> Response:
    if refused is not None and not refused.faults:
        raise refused
    one = await visit.calls.read(queries.ONE, qualification_id=qualification_id)
    shown = {"one": one, "faults": faults_of(refused) if refused else {}, "reason": reason}
    return visit.page("qualifications/one.html", refused.status if refused else 200, **shown)


async def _evidence(visit: Visit, qualification_id: UUID, ending: str) -> Response:
    file = queries.FILES.get(ending)
    if file is None:
        raise ProblemError(404, "not-found")
    content = await visit.calls.fetch(file, qualification_id=qualification_id)
    headers = {
        "Content-Disposition": f'attachment; filename="qualification-{qualification_id}.{ending}"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, 200, headers, file.media_type)
