"""The operator's pages: how the system is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.portal.operations import queries
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from shared.contracts.actor import Role
from shared.http.dependencies import ApiStore
from shared.store.event_log import now

router = APIRouter(prefix="/staff/operations", include_in_schema=False)


@router.get("")
async def show_status(
    request: Request, visit: Annotated[Visit, Depends(page_for(Role.OPERATOR))], store: ApiStore
) -> Response:
    """Show whether anything is wrong, and where."""
    seen = await queries.system(visit.calls, request.app.state.own_status(store))
    return visit.page("operations/status.html", system=seen, now=now())
