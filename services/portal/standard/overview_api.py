"""The network's targets, as pages: what the centre looks at first (D1), and its plans."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from services.portal.standard import queries
from services.portal.standard.drawing import ending_soon, lapsed, least_regular, waiting
from services.portal.standard.forms import KINDS, PlanForm
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/overview", include_in_schema=False)

Reader = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, Role.AUDITOR))]
_LISTED = 20
"""Of each list: the first ones are what one goes to."""
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]


@router.get("")
async def show_network(visit: Reader, done: str = "") -> Response:
    """Show targets, hours, regularity and what is overdue, each as of when and with the way to why."""
    today = district_day(now())
    shown = await unless_away(queries.dashboard(visit.calls, today.replace(month=1, day=1)))
    stations = shown.standings if shown else []
    return visit.page(
        "standard/overview.html",
        shown=shown,
        lapsed=lapsed(stations),
        ending=ending_soon(stations, today),
        waiting=waiting(stations),
        by_regularity=least_regular(stations),
        may_plan=visit.session is not None and Role.DISTRICT_ADMIN in visit.session.roles,
        listed=_LISTED,
        today=today,
        done=done,
    )


@router.get("/new")
async def show_form(visit: Centre) -> Response:
    """Show the form of a plan."""
    return _form(visit, PlanForm())


@router.post("/new")
async def make_plan(visit: Centre, form: Annotated[PlanForm, Form()]) -> Response:
    """Make a plan."""
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            await visit.calls.change(queries.MAKE_PLAN, form.body(), key=form.key or None)
            return visit.go("/staff/overview?done=made")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request:
                raise
            faults = faults_of(refused)
    return _form(visit, form, faults)


@router.post("/plans/{plan_id}/end")
async def end_plan(visit: Centre, plan_id: str, key: Annotated[ShortText, Form()] = "") -> Response:
    """Go by a plan no more."""
    try:
        await visit.calls.change(queries.END_PLAN, {}, key=key or None, plan_id=id_of(plan_id))
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
    return visit.go("/staff/overview?done=ended")


def _form(visit: Visit, form: PlanForm, faults: dict[str, str] | None = None) -> Response:
    return visit.page(
        "standard/plan.html",
        422 if faults else 200,
        form=form,
        faults=faults or {},
        kinds=KINDS,
        today=district_day(now()),
    )
