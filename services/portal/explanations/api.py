"""Pages that say why a record counts what it counts: for auditors and the office, and for its volunteer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.portal.explanations.queries import explanation
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import EXPLAINED, Visit
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.problems import ProblemError
from shared.store.event_log import now

router = APIRouter(include_in_schema=False)

Auditor = Annotated[Visit, Depends(page_for(*EXPLAINED))]
Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
_NOT_FOUND = 404


@router.get("/staff/explanations/{record_id}")
async def explain(visit: Auditor, record_id: str) -> Response:
    """Show a record's events, who did them, where they are, and what the ledger made of them."""
    return await _page(visit, record_id, "explanations/of_staff.html", with_roles=True)


@router.get("/me/records/{record_id}/why")
async def explain_own(visit: Volunteer, record_id: str) -> Response:
    """Show the same of one's own record."""
    return await _page(visit, record_id, "explanations/own.html", with_roles=False)


async def _page(visit: Visit, record_id: str, template: str, *, with_roles: bool) -> Response:
    found = await explanation(visit.calls, id_of(record_id), with_roles=with_roles)
    if found.events is not None and not found.lines:
        raise ProblemError(_NOT_FOUND, "not-found")
    return visit.page(template, explanation=found, now=now())
