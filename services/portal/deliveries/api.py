"""The operator's page of deliveries."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.portal.deliveries import queries
from services.portal.deliveries.queries import Standing
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.districts import Districts
from shared.contracts.actor import Role
from shared.http.upstream import unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/operations/deliveries", include_in_schema=False)


@router.get("")
async def show_deliveries(visit: Annotated[Visit, Depends(page_for(Role.OPERATOR))]) -> Response:
    """Show how a district's deliveries stand, and why some have failed or wait."""
    districts: Districts = visit.request.app.state.districts
    counts = await unless_away(visit.calls.read(queries.SUMMARY))
    standing = None if counts is None else Standing(counts)
    shown = {"standing": standing, "districts": await districts.all(), "now": now()}
    return visit.page("deliveries/summary.html", **shown)
