"""The allocation desk: the centre asks for a plan, looks at it and approves it, with its step-up; auditors look.

Invariant: nothing is decided here. What is proposed, and that nobody is ordered to serve, is registry's (ADR 0050).
"""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from services.portal.allocation import queries
from services.portal.allocation.forms import TermsForm
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/allocations", include_in_schema=False)

Reader = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, Role.AUDITOR))]
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
_A_WHILE = timedelta(days=14)
"""How long people have to answer, unless the centre says otherwise."""


@router.get("")
async def list_allocations(visit: Reader) -> Response:
    """Show the form for a plan, and the plans of before."""
    until = district_day(now() + _A_WHILE)
    return await _list(visit, TermsForm(answer_on=until.isoformat()))


@router.post("")
async def propose(visit: Centre, form: Annotated[TermsForm, Form()]) -> Response:
    """Have a plan made."""
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            asked = await visit.calls.change(queries.ASK, form.body(), key=form.key or None)
            return visit.go(f"/staff/allocations/{asked.id}")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request:
                raise
            faults = {_FIELDS.get(field, field): sentence for field, sentence in faults_of(refused).items()}
    return await _list(visit, form, faults)


_FIELDS = {"answer_by": "answer_on"}
"""Registry's fields that are called otherwise in the form."""


async def _list(visit: Visit, form: TermsForm, faults: dict[str, str] | None = None) -> Response:
    listed = await unless_away(visit.calls.read(queries.ALLOCATIONS))
    approved = queries.latest_approved(listed or [])
    shown = {"listed": listed, "approved": approved, "may_ask": visit.is_centre, "today": district_day(now())}
    return visit.page("allocation/list.html", 422 if faults else 200, **shown, form=form, faults=faults or {})


@router.get("/{allocation_id}")
async def show_plan(visit: Reader, kept: KeptAnswers, allocation_id: str, done: str = "") -> Response:
    """Show a plan: what stations ask for and are given, how universities fare, the proof, the answers so far."""
    return await _plan(visit, kept, id_of(allocation_id), done=done)


@router.post("/{allocation_id}/approval")
async def approve(
    visit: Centre, kept: KeptAnswers, allocation_id: str, key: Annotated[ShortText, Form()] = ""
) -> Response:
    """Approve a plan: everybody who has a place in it is told."""
    found = id_of(allocation_id)
    try:
        await visit.calls.change(queries.APPROVE, key=key or None, allocation_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _plan(visit, kept, found, refused=refused)
    return visit.go(f"/staff/allocations/{found}?done=approved")


async def _plan(
    visit: Visit,
    kept: KeptAnswers,
    allocation_id: UUID,
    *,
    done: str = "",
    refused: RefusedByServiceError | None = None,
) -> Response:
    found = await queries.find_plan(visit.calls, kept, visit.district, allocation_id)
    shown = {"found": found, "plan": found.plan, "done": done, "may_approve": visit.is_centre, "now": now()}
    template = "allocation/_making.html" if visit.by_htmx and found.plan.state == "asked" else "allocation/plan.html"
    if visit.by_htmx and found.plan.state != "asked":
        return visit.go(f"/staff/allocations/{allocation_id}")
    faults = faults_of(refused) if refused else {}
    return visit.page(template, refused.status if refused else 200, **shown, faults=faults, states=queries.STATES)
